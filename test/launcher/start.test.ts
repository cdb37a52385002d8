// `npm start`: one command for Laba and all its demos, and one Ctrl-C for their end.
import { expect, test } from "bun:test"
import { join } from "node:path"
import { emptyFolder } from "../cli/laba.ts"
import { Launched } from "./launched.ts"

const start = [
  "node",
  join(import.meta.dir, "../../bin/bun.mjs"),
  join(import.meta.dir, "../../apps/start.ts"),
  "--port",
  "0",
]

const demos = ["flash-sale", "takeaway", "alerts"] as const

test("starts Laba with the demos, whose pages the landing page leads to, and ends them together", async () => {
  await using place = await emptyFolder()
  await using launched = new Launched(start, { terminal: false, cwd: place.path })
  const laba = (await launched.until(/listening on (http:\S+)/))[1] as string
  for (const name of demos) await launched.until(new RegExp(`^\\[${name}\\] .*http://127`, "m"))
  const landing = await (await fetch(laba)).text()
  const addresses: string[] = []
  for (const name of demos) {
    const title = { "flash-sale": "A flash sale", takeaway: "A takeaway desk", alerts: "Alerts" }[name]
    const address = new RegExp(`href="([^"]+)"><span lang="en">${title}<`).exec(landing)?.[1] as string
    const page = await fetch(address)
    expect([name, page.status, page.headers.get("content-type")]).toEqual([
      name,
      200,
      expect.stringMatching(/^text\/html/),
    ])
    addresses.push(address)
  }
  launched.child.kill("SIGINT")
  expect(await launched.child.exited).toBe(0)
  for (const address of [laba, ...addresses]) await expect(fetch(address)).rejects.toThrow()
}, 180_000)

test("a list of demos that is none is refused with what it should be", async () => {
  await using place = await emptyFolder()
  const main = join(import.meta.dir, "../../src/cli/main.ts")
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, main, "serve", "--port", "0"], {
    cwd: place.path,
    env: { ...process.env, LABA_DEMOS: "shop=javascript:alert(1)" },
    stderr: "pipe",
  })
  expect(exitCode).toBe(2)
  expect(stderr.toString()).toContain(
    'LABA_DEMOS holds pairs such as shop=http://127.0.0.1:8090, not "shop=javascript:alert(1)"',
  )
})
