import { describe, expect, test } from "bun:test"
import { readArguments } from "./arguments.ts"
import { UsageError } from "./command.ts"

const flags = {
  url: { type: "string", value: "<url>", says: "where" },
  json: { type: "boolean", says: "how" },
} as const

const read = (...args: string[]) => readArguments(args, flags, 2)

describe("arguments", () => {
  test("separate flags from words, wherever they stand", () => {
    expect(read("/c", "--url", "http://a", "hello", "--json")).toEqual({
      given: { url: "http://a", json: true },
      words: ["/c", "hello"],
    })
    expect(read("--url=http://a").given).toEqual({ url: "http://a" })
  })

  test("take everything after -- as words", () => {
    expect(read("/c", "--", "--json").words).toEqual(["/c", "--json"])
  })

  test.each([
    [["--jsno"], "unknown flag --jsno; did you mean --json?"],
    [["--something-else"], "unknown flag --something-else"],
    [["-x"], "unknown flag -x"],
    [["--toString"], "unknown flag --toString"],
    [["--url"], "--url needs a value: --url <url>"],
    [["--json=yes"], "--json takes no value"],
    [["a", "b", "c"], 'did not expect "c"'],
  ])("refuse %j and say why", (args, message) => {
    expect(() => read(...args)).toThrow(new UsageError(message))
  })

  test("give a flag that another flag follows no value", () => {
    expect(() => read("--url", "--json")).toThrow("--url needs a value")
  })
})
