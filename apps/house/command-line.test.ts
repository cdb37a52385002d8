// Demos called wrongly, as somebody does who types.
import { describe, expect, test } from "bun:test"
import { join } from "node:path"

const demos = ["takeaway", "alerts"] as const

async function run(demo: string, args: readonly string[]) {
  await using process_ = Bun.spawn(
    [process.execPath, join(import.meta.dir, "..", demo, "main.ts"), ...args],
    {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  )
  const [out, err, code] = await Promise.all([
    new Response(process_.stdout).text(),
    new Response(process_.stderr).text(),
    process_.exited,
  ])
  return { out, err, code }
}

describe.each(demos)("%s", (demo) => {
  test("says its flags", async () => {
    const { out, code } = await run(demo, ["--help"])
    expect(out).toStartWith(demo)
    expect(out).toContain("--port")
    expect(code).toBe(0)
  })

  test("says in one line what is wrong with how it was called", async () => {
    for (const [args, says] of [
      [["--prot", "1"], `${demo}: Unknown option '--prot' (${demo} --help)\n`],
      [["--port", "http"], `${demo}: --port is a port from 0 to 65535, not "http" (${demo} --help)\n`],
      [
        ["--laba-port", "65536"],
        `${demo}: --laba-port is a port from 0 to 65535, not "65536" (${demo} --help)\n`,
      ],
    ] as const) {
      expect(await run(demo, args)).toEqual({ out: "", err: says, code: 2 })
    }
  })
})

test("says in one line what could not be done", async () => {
  const { err, code } = await run("alerts", ["--smtp", "smtp://mail.example"])
  expect([err, code]).toEqual(["alerts: --smtp needs --mail-from and --mail-to.\n", 1])
})
