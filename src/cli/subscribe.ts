// `laba subscribe`: prints what a channel says, and goes on where it left off after a lost connection.
import { readAddress, urlFlag } from "./address.ts"
import { readArguments } from "./arguments.ts"
import { listenAndComeBack } from "./coming-back.ts"
import { type Command, exit, Misuse } from "./command.ts"
import type { Ear, Heard } from "./listening.ts"
import { listenByEvents } from "./listening-by-events.ts"
import { listenByWebSocket } from "./listening-by-websocket.ts"

const flags = {
  after: {
    type: "string",
    value: "<cursor>",
    says: "first what came after this cursor; default: from now on",
  },
  sse: { type: "boolean", says: "by server-sent events instead of WebSocket" },
  json: { type: "boolean", says: "one line of JSON a message, with its cursor" },
  count: { type: "string", value: "<n>", says: "end after this many messages" },
  url: urlFlag,
} as const

export const subscribe: Command = {
  name: "subscribe",
  summary: "Listen at a channel and print each message",
  usage: "subscribe <channel> [flags]",
  flags,
  examples: [
    ["laba subscribe /channel/hello", "prints each message's payload on a line of its own, until Ctrl-C"],
    ["laba subscribe /orders/42 --json | jq .data", "with cursor, id, time and type around it"],
    ["laba subscribe /orders/42 --after k3f9a-2s", "goes on after a cursor that was kept"],
    ["laba subscribe /results/42 --count 1", "waits for one message and ends"],
  ],
  async run(args) {
    const { given, words } = readArguments(args, flags, 1)
    const address = readAddress(words[0], given.url)
    const countMax = readCount(given.count)
    let count = 0
    const ear: Ear = {
      opened() {},
      heard(message) {
        // What comes between the last one and the end of this process is not printed.
        if (count >= countMax) return
        print(message, given.json === true)
        if (++count === countMax) end(exit.ok)
      },
      reset(cursor, reason) {
        console.error(`laba: reset (${reason}): what was missed is not kept; listening from ${cursor}`)
      },
    }
    return listenAndComeBack({
      listenOnce: given.sse ? listenByEvents : listenByWebSocket,
      address,
      after: given.after ?? null,
      ear,
      notice: (text) => console.error(`laba: ${text}`),
    })
  },
}

function readCount(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new Misuse(`--count is a whole number above 0, not "${text}"`)
  return Number(text)
}

function print({ data, json }: Heard, asJson: boolean): void {
  process.stdout.write(asJson ? JSON.stringify(json) : data)
  process.stdout.write("\n")
}

/** Ends once all is written: a pipe takes its time. */
function end(code: number): void {
  process.stdout.write("", () => process.exit(code))
}
