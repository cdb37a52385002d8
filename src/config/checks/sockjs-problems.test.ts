import { expect, test } from "bun:test"
import { ConfigError, type ConfigInput, parseConfig } from "../config.ts"

const linesOf = (input: unknown): string[] => {
  try {
    parseConfig(input)
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n")
    throw error
  }
  return []
}

test("a path of SockJS stands beside rules, and beside the same path of STOMP", () => {
  const input: ConfigInput = {
    sockjs: { paths: { "/ws": "stomp", "/chat": { protocol: "raw", channel: "/wsx/room" } } },
    stomp: { paths: ["/ws", "/wsx"] },
    channels: { "/**": {}, "/*/room": {}, "/wsx/**": {}, "/w": {} },
  }
  expect(linesOf(input)).toEqual([])
})

test("what could not do anything is refused, with its place", () => {
  const carries = { protocol: "raw", channel: "/rooms/*" }
  expect(
    linesOf({
      sockjs: { paths: { "/ws": "stomp" } },
      stomp: { paths: ["/ws/websocket", "/ws/deeper", "/other"] },
      channels: { "/ws": {}, "/ws/**": {}, "/ws/*/x": {}, "/**": {} },
    }),
  ).toEqual([
    ...["/ws", "/ws/**", "/ws/*/x"].map(
      (pattern) =>
        `channels."${pattern}": is a rule for nothing: /ws is a path of SockJS (sockjs.paths), and no channel is there or below it`,
    ),
    "stomp.paths.0: is served by sockjs.paths /ws already: leave it out",
    "stomp.paths.1: is below /ws, where every path is SockJS's (sockjs.paths)",
  ])
  expect(linesOf({ sockjs: { paths: { "/ws/*": "stomp", "/chat": carries } } })).toEqual([
    'sockjs.paths."/ws/*": is one path and no pattern: each is named, and everything below it is SockJS\'s',
    'sockjs.paths."/chat".channel: is one channel and no pattern',
  ])
})
