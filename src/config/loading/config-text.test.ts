import { expect, test } from "bun:test"
import { ConfigError, parseConfig } from "../config.ts"
import { readConfigText } from "./config-text.ts"

const refusal = (text: string, fileName = "laba.yaml"): string => {
  try {
    readConfigText(text, fileName)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return "read"
}

test("a YAML file as in the guide is read", () => {
  const text = `
listen: { host: 127.0.0.1, port: 8081 }
engine: memory                      # a comment
channels:
  "/**": { history: { count: 100, bytes: 256KB, time: 1m } }
  "/cursor/*": { history: none, slow: latest }
`
  const config = readConfigText(text, "laba.yaml")
  expect(config).toEqual({
    listen: { host: "127.0.0.1", port: 8081 },
    engine: "memory",
    channels: {
      "/**": { history: { count: 100, bytes: "256KB", time: "1m" } },
      "/cursor/*": { history: "none", slow: "latest" },
    },
  })
  expect(parseConfig(config).listen.port).toBe(8081)
})

test("a JSON file is read", () => {
  expect(readConfigText('{"listen": {"port": 0}}', "laba.json")).toEqual({ listen: { port: 0 } })
})

test("an empty file is an empty configuration", () => {
  for (const text of ["", "\n", "# nothing yet\n", "---\n"])
    expect(readConfigText(text, "laba.yaml")).toEqual({})
  expect(readConfigText(" \n", "laba.json")).toEqual({})
})

test("bad syntax is refused with file, line and column", () => {
  expect(refusal("listen:\n  port: [1\nopen: true")).toMatch(/^laba\.yaml:3:1: /)
  expect(refusal("listen:\n\tport: 1")).toMatch(/^laba\.yaml:2:1: /)
  expect(refusal('{"open": true,\n "open": false}', "a/laba.json")).toMatch(/^a\/laba\.json:2:2: .*unique/)
})

test("a key that is there twice is refused", () => {
  expect(refusal("open: true\nlisten: {}\nopen: false\n")).toMatch(/^laba\.yaml:3:1: .*unique/)
})

test("YAML in a file that says it is JSON is refused", () => {
  for (const text of ["open: true", '{"open": true,}', "{open: true}", "{} # comment"]) {
    expect(refusal(text, "laba.json")).toStartWith("laba.json: not JSON: ")
  }
})

test("what is no object, or more than one, is refused", () => {
  for (const text of ["- a", "5", "text"])
    expect(refusal(text)).toStartWith("laba.yaml:1:1: must hold an object")
  expect(refusal("a: 1\n---\nb: 2")).toStartWith("laba.yaml:2:1: a second document")
})

test("tags that nobody reads, and a few aliases for very many values, are refused", () => {
  expect(refusal("open: !secret x")).toMatch(/^laba\.yaml:1:7: .*tag/)
  const level = (name: string, of: string): string =>
    `${name}: &${name} [${Array(10).fill(`*${of}`).join(",")}]`
  expect(
    refusal(["a: &a [1]", level("b", "a"), level("c", "b"), level("d", "c"), level("e", "d")].join("\n")),
  ).toMatch(/alias/)
})

test.each(["laba.yaml", "laba.json"])("what is nested beyond any meaning is an error, in %s too", (name) => {
  for (const level of ['":', "- ", "[", '{"a":']) {
    const text = level.repeat(20_000)
    expect(() => readConfigText(text, name)).toThrow(ConfigError)
  }
})
