import { describe, expect, test } from "bun:test"
import { LabaError } from "../../wire/error.ts"
import { Events } from "./events.ts"
import { makeLog } from "./log.ts"
import type { LogFormat, LogLevel } from "./log-options.ts"
import { Throttle } from "./throttle.ts"

function logged(level: LogLevel, format: LogFormat, act: (events: Events) => void): string[] {
  const lines: string[] = []
  act(new Events(makeLog({ level, format, to: (line) => void lines.push(line) }), new Throttle(() => 0)))
  return lines
}

const json = (lines: readonly string[]) => lines.map((line) => JSON.parse(line) as Record<string, unknown>)

const request = { method: "GET", path: "/c" }

/** What a client would put where it hopes that it is printed: line ends, terminal sequences, text that turns around. */
const hostile = 'x"\n{"level":"error"}\r\u001b[2J\u0000\u007f\u009b31m\u2028\u202e\u2066\ufeff end'

describe("a line of JSON", () => {
  test("says when, how grave, what, and its fields", () => {
    const [line] = json(logged("info", "json", (events) => events.draining({ connections: 7, seconds: 5 })))
    expect(line).toMatchObject({ level: "info", event: "draining", connections: 7, seconds: 5 })
    expect(line?.["message"]).toBe("Sending everybody away.")
    expect(new Date(line?.["time"] as string).getTime()).toBeGreaterThan(0)
  })

  test("holds an error with its stack and its cause", () => {
    const error = new Error("outer", { cause: new Error("inner") })
    const [line] = json(logged("info", "json", (events) => events.hookFailed("onConnect", error)))
    expect(line).toMatchObject({ level: "error", event: "hook_failed", hook: "onConnect" })
    const { stack } = (line as { error: { stack: string } }).error
    expect(stack).toContain("outer")
    expect(stack).toContain("inner")
  })
})

describe.each(["json", "pretty"] as const)("hostile text in %s", (format) => {
  const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/

  test("in a path stays inside its value", () => {
    const lines = logged("debug", format, (events) => {
      events.refused({ method: hostile, path: hostile }, new LabaError("bad_channel", hostile))
    })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toEndWith("\n")
    expect(lines[0]?.trimEnd()).not.toMatch(/\n/)
    expect(lines[0]).not.toMatch(control)
    if (format === "json") expect(json(lines)[0]).toMatchObject({ path: hostile, method: hostile })
  })

  test("in an error forges no line", () => {
    const lines = logged("error", format, (events) => events.requestFailed(request, new Error(hostile)))
    expect(lines).toHaveLength(1)
    expect(lines[0]).not.toMatch(control)
    const [first, ...rest] = (lines[0] as string).trimEnd().split("\n")
    expect(first).toContain("request_failed")
    for (const line of rest) expect(line).toStartWith("    ")
  })
})

test("people read columns", () => {
  const [line] = logged("info", "pretty", (events) => {
    events.slowReaderClosed({ channel: "/orders/42", kind: "websocket-raw" })
  })
  expect(line).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} INFO {2}slow_reader_closed channel="\/orders\/42" kind="websocket-raw" {2}A reader was too slow\.\n$/,
  )
})

test("what is below the level is not written, and silent writes nothing", () => {
  const everything = (events: Events): void => {
    events.started({ url: "http://127.0.0.1:1", engine: "memory", version: "0" })
    events.refused(request, new LabaError("bad_body", "no"))
    events.requestFailed(request, new Error("boo"))
  }
  const names = (level: LogLevel) => json(logged(level, "json", everything)).map(({ event }) => event)
  expect(names("debug")).toEqual(["started", "request_refused", "request_failed"])
  expect(names("info")).toEqual(["started", "request_failed"])
  expect(names("error")).toEqual(["request_failed"])
  expect(names("silent")).toEqual([])
})

test("a flood is ten lines a second, and tells what was left out", () => {
  const lines: string[] = []
  let now = 0
  const log = makeLog({ level: "info", format: "json", to: (line) => void lines.push(line) })
  const events = new Events(log, new Throttle(() => now))
  for (let i = 0; i < 1000; i++) events.connectionRefused(request, "too_many_connections")
  expect(lines).toHaveLength(10)
  now = 1000
  events.connectionRefused(request, "too_many_connections")
  expect(json(lines).at(-1)).toMatchObject({ event: "connection_refused", left_out: 990 })
})

test("a text that would fill the disk is cut", () => {
  const [line] = logged("info", "json", (events) => events.historyTrimmed("x".repeat(1_000_000)))
  expect((line as string).length).toBeLessThan(3000)
})
