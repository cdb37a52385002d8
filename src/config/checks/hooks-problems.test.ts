import { expect, test } from "bun:test"
import { ConfigError, parseConfig } from "../config.ts"

const url = "https://desk.example/hooks"
const secret = "a secret of more than thirty-two characters"

function schemaProblems(hooks: unknown): string[] {
  try {
    parseConfig({ hooks })
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n")
    throw error
  }
}

test("a hook has a pattern and a URL, and defaults for the rest", () => {
  expect(parseConfig({ hooks: [{ pattern: "/desk/*", register: url }] }).hooks).toEqual([
    {
      name: "/desk/*",
      pattern: "/desk/*",
      dialect: "laba",
      urls: { register: url },
      secrets: [],
      timeoutMs: 5000,
      concurrencyMax: 64,
      privateAddresses: [],
      origin: "laba",
      handshake: true,
    },
  ])
  const full = { pattern: "/a%2Db", name: "ab", unregister: url, secret: [secret, secret], timeout: "250ms" }
  expect(parseConfig({ hooks: [full] }).hooks[0]).toMatchObject({
    name: "ab",
    pattern: "/a-b",
    secrets: [secret, secret],
    timeoutMs: 250,
  })
})

const mistakes: readonly [string, unknown, string][] = [
  ["no URL", { pattern: "/a" }, "hooks.0: needs at least one URL: `register`, `transport`, `unregister` …"],
  ["no pattern of channels", { pattern: "a", register: url }, "hooks.0.pattern: not a pattern of channels"],
  [
    "a URL of another kind",
    { pattern: "/a", register: "ftp://x/" },
    "hooks.0.register: must begin with https:// or http://",
  ],
  [
    "a password in a URL",
    { pattern: "/a", register: "https://u:p@x/" },
    "hooks.0.register: must hold no password",
  ],
  ["a fragment", { pattern: "/a", register: `${url}#x` }, "hooks.0.register: must have no `#`"],
  [
    "a short secret",
    { pattern: "/a", register: url, secret: "hunter2" },
    "hooks.0.secret: must have at least 32 bytes",
  ],
  [
    "a time-out too long",
    { pattern: "/a", register: url, timeout: "2m" },
    "hooks.0.timeout: must be 100ms to 60s",
  ],
  [
    "an address that is none",
    { pattern: "/a", register: url, privateAddresses: ["here"] },
    "hooks.0.privateAddresses.0: is no address",
  ],
  [
    "a word of the other dialect",
    { pattern: "/a", dialect: "tencent", subscribe: url },
    "hooks.0.subscribe: is not in the dialect tencent",
  ],
  [
    "a misspelled event",
    { pattern: "/a", regster: url },
    'hooks.0.regster: unknown key, did you mean "register"?',
  ],
  [
    "an origin that is no name",
    { pattern: "/a", register: url, origin: "a b" },
    "hooks.0.origin: must be a name such as laba.example",
  ],
]

for (const [what, hook, says] of mistakes) {
  test(`${what} is named`, () => {
    const problems = schemaProblems([hook])
    expect(problems.some((problem) => problem.startsWith(says)) ? says : problems).toBe(says)
    expect(problems.join()).not.toContain("hunter2")
    expect(problems.join()).not.toContain("u:p@")
  })
}

test("two hooks have neither one pattern, however it is spelled, nor one name", () => {
  const problems = schemaProblems([
    { pattern: "/a-b", register: url, name: "one" },
    { pattern: "/a%2Db", register: url, name: "two" },
    { pattern: "/c", register: url, name: "one" },
  ])
  expect(problems).toEqual(["hooks.1.pattern: is there twice", "hooks.2.name: is there twice"])
})
