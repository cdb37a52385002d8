// Every flag of every command with values that are none: one line says what is wrong and where help is, and ends with 2.
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { commands } from "../../src/cli/commands.ts"
import { emptyFolder, laba } from "./laba.ts"

/** A process a value, and a busy machine takes its time. */
setDefaultTimeout(120_000)

interface Wrong {
  /** What stands before the flag, so that it is the only thing that is wrong. */
  readonly words: readonly string[]
  /** Values for each flag; null where every text has a meaning, or the text is a path whose absence is a failure. */
  readonly flags: Readonly<Record<string, readonly string[] | null>>
}

const nowhere = ["--url", "http://127.0.0.1:1"]
const url = ["ftp://x", "x", ""]
const patterns = ["nope", "/a/**/b"]
const reacting = {
  "at-once": ["0", "abc", "1001", ""],
  tries: ["0", "abc", "-1", ""],
  timeout: ["abc", "0s", ""],
  after: ["!!", "", "k3f9a"],
  state: [""],
  name: null,
  url,
}

const wrong: Readonly<Record<string, Wrong>> = {
  serve: {
    words: [],
    flags: {
      port: ["abc", "65536", "-1", ""],
      host: ["", "http://x", "localhost:8080", "127.0.0.1 "],
      data: [""],
      engine: ["carrot", "sqlite:", "redis://", ""],
      processes: ["0", "abc", "2"],
      "node-name": ["a b", ""],
      advertise: ["x", ""],
      config: [""],
    },
  },
  publish: {
    words: ["/c", "x"],
    flags: { url, type: ["nonsense", "a\nb", ""], key: ["ä", "", "a b", "x".repeat(256)], file: ["/nope"] },
  },
  subscribe: { words: ["/c"], flags: { after: ["!!", ""], count: ["0", "abc", "1.5"], url } },
  on: { words: ["/c", "--exec", "true"], flags: { exec: ["", " "], ...reacting } },
  forward: { words: ["/c", "--to", "http://127.0.0.1:1/"], flags: { to: ["x", "ftp://x", ""], ...reacting } },
  watch: {
    words: ["/c", "--every", "5s"],
    flags: {
      every: ["abc", "0s", ""],
      silent: ["abc", "1s", ""],
      exec: [""],
      webhook: ["x", "ftp://x", ""],
      publish: ["nope", "/_/x", "/c"],
      mail: ["ops@example.com", "nobody"],
      sms: ["+8613800138000", "12"],
      config: null,
      url,
    },
  },
  functions: {
    words: ["."],
    flags: { port: ["abc", "65536"], "laba-port": ["abc"], data: [""], secret: ["short"], config: null },
  },
  ingest: { words: ["test", "orders", "--message", "-"], flags: { message: [""], config: [""] } },
  key: { words: ["new", "shop"], flags: { publish: patterns, listen: patterns, manage: patterns } },
  token: {
    words: ["new"],
    flags: {
      user: ["", "x".repeat(201)],
      listen: patterns,
      publish: patterns,
      expires: ["abc", "0s", "-1h"],
      "secret-file": null,
      config: [""],
    },
  },
  // Who somebody is may be any text; a channel belongs to it.
  check: { words: ["--hooks"], flags: { as: ["anyone"], config: [""], url } },
  version: { words: [], flags: {} },
}

test.each(commands.map((command) => [command.name, command] as const))(
  "each flag of %s has values that are none, or takes any",
  (name, { flags }) => {
    const texts = Object.entries(flags).filter(([, { type }]) => type === "string")
    expect(Object.keys(wrong[name]?.flags ?? {}).sort()).toEqual(texts.map(([flag]) => flag).sort())
  },
)

/** The words without a flag that is given once more, so that only the wrong one is there. */
const without = (words: readonly string[], flag: string): string[] => {
  const at = words.indexOf(`--${flag}`)
  return at < 0 ? [...words] : words.toSpliced(at, 2)
}

describe.each(Object.entries(wrong).filter(([, { flags }]) => Object.keys(flags).length > 0))(
  "laba %s",
  (name, { words, flags }) => {
    const cases = Object.entries(flags).flatMap(([flag, values]) =>
      (values ?? []).map((value) => [flag, value] as const),
    )
    test.each(cases)("--%s %j is refused in one line", async (flag, value) => {
      await using folder = await emptyFolder()
      // Should it be taken after all, it goes nowhere.
      const elsewhere =
        "url" in flags && flag !== "url" && ["publish", "subscribe", "on", "forward", "watch"].includes(name)
      const args = [name, ...without(words, flag), `--${flag}=${value}`, ...(elsewhere ? nowhere : [])]
      const { code, out, err } = await laba(args, { cwd: folder.path })
      expect({ args, code, out, lines: err.trimEnd().split("\n").length }).toEqual({
        args,
        code: 2,
        out: "",
        lines: 1,
      })
      expect(err).toStartWith("laba: ")
      expect(err).toEndWith(` (laba help ${name})\n`)
    })
  },
)

describe("what is not there is said in one line", () => {
  test.each([
    ["serve", "--port", "0", "--config", "/nope.yaml"],
    ["serve", "--port", "0", "--data", "/dev/null/x"],
    ["publish", "/c", "--file", "/nope"],
    ["publish", "/c", "--file", "/"],
    ["on", "/c", "--exec", "true", "--state", "/dev/null/x", ...nowhere],
    ["watch", "/c", "--every", "5s", "--mail", "a@b.example", "--config", "/nope.yaml"],
    ["functions", "/nope"],
    ["functions", ".", "--port", "0", "--data", "/dev/null/x"],
    ["functions", ".", "--port", "0", "--with-laba", "--config", "/nope.yaml"],
    ["token", "new", "--secret-file", "/nope"],
    ["token", "new", "--config", "/nope.yaml"],
    ["check", "--config", "/nope.yaml"],
    ["check", "--as", "nope", "/c"],
  ])("laba %s %s %s %s %s", async (...args) => {
    await using folder = await emptyFolder()
    const { code, err } = await laba(args, { cwd: folder.path })
    expect({ args, code, lines: err.trimEnd().split("\n").length, err }).toMatchObject({
      args,
      code: 1,
      lines: 1,
    })
    expect(err).toStartWith("laba: ")
  })
})
