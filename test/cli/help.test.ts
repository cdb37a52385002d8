import { describe, expect, test } from "bun:test"
import { commands } from "../../src/cli/commands.ts"
import manifest from "../../package.json" with { type: "json" }
import { laba } from "./laba.ts"

describe("laba", () => {
  test("without a command shows the commands and fails", async () => {
    const { code, out, err } = await laba([])
    expect([code, out]).toEqual([2, ""])
    for (const { name } of commands) expect(err).toContain(name)
  })

  test.each([["help"], ["--help"], ["-h"]])("%s shows the commands and succeeds", async (word) => {
    const { code, out } = await laba([word])
    expect(code).toBe(0)
    for (const { name, summary } of commands) expect(out).toMatch(new RegExp(`${name} +${summary}`))
  })

  test.each(commands.map(({ name }) => name))(
    "%s --help shows usage, every flag and examples",
    async (name) => {
      const command = commands.find((one) => one.name === name)
      const [asked, flagged] = await Promise.all([laba(["help", name]), laba([name, "--help"])])
      expect(flagged).toEqual(asked)
      expect(asked.code).toBe(0)
      expect(asked.out).toContain(`Usage: laba ${name}`)
      for (const flag of Object.keys(command?.flags ?? {})) expect(asked.out).toContain(`--${flag}`)
      expect(asked.out).toMatch(/Examples:\n +laba /)
    },
  )

  test("version names its own and Bun's", async () => {
    for (const word of ["version", "--version", "-v"]) {
      expect(await laba([word])).toEqual({
        code: 0,
        out: `laba ${manifest.version} (Bun ${Bun.version})\n`,
        err: "",
      })
    }
  })

  test.each([
    [["sevre"], "laba: unknown command sevre; did you mean serve? (laba help)\n"],
    [["frobnicate"], "laba: unknown command frobnicate (laba help)\n"],
    [["serve", "--prot", "1"], "laba: unknown flag --prot; did you mean --port? (laba help serve)\n"],
    [["subscribe"], "laba: needs a channel, for example /channel/hello (laba help subscribe)\n"],
    [["subscribe", "c"], "laba: a channel begins with a slash: /c (laba help subscribe)\n"],
    [
      ["subscribe", "/c", "--count", "0"],
      'laba: --count is a whole number above 0, not "0" (laba help subscribe)\n',
    ],
    [
      ["publish", "/c"],
      "laba: needs what to publish: either data after the channel, or --file (laba help publish)\n",
    ],
    [["publish", "/c", "a", "b"], 'laba: did not expect "b" (laba help publish)\n'],
    [
      ["publish", "/c", "a", "--url", "ftp://x"],
      'laba: "ftp://x" is not the address of a server; one looks like http://127.0.0.1:8080 (laba help publish)\n',
    ],
  ])("%j is refused in one line, with exit code 2", async (args, err) => {
    expect(await laba(args)).toEqual({ code: 2, out: "", err })
  })
})
