// `laba subscribe`: prints what a channel says, and goes on where it left off after a lost connection.
import { type Channel, connect, type Message } from "../../../client/index.ts"
import { channelUrl, readAddress, urlFlag } from "../flags/server-address.ts"
import { readArguments } from "../arguments.ts"
import { type Command, exit, UsageError } from "../command.ts"
import { readCursor } from "../flags/cursors.ts"
import { messageText } from "./message-text.ts"
import { sayUntilRefused } from "./connection-status.ts"
import { credential } from "../flags/secrets.ts"
import { printJsonText, printPayload, say } from "../terminal.ts"

const flags = {
  after: {
    type: "string",
    value: "<cursor>",
    says: "first what came after this cursor; default: from now on",
  },
  sse: { type: "boolean", says: "by server-sent events only; default: the best that gets through" },
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
    const after = readCursor(given.after)
    const token = credential()
    const laba = connect(address.server, {
      ...(given.sse && { transports: ["sse"] }),
      ...(token && { token: () => token }),
    })
    const name = new URL(channelUrl(address)).pathname
    const channel = laba.channel(name, after === undefined ? {} : { after })
    try {
      const whole = printing(channel, given.json === true, countMax)
      channel.on("reset", ({ reason, cursor }) => {
        say(`laba: reset (${reason}): what was missed is not kept; listening from ${cursor}`)
      })
      await Promise.race([whole, sayUntilRefused(laba, channel, address.server)])
    } finally {
      laba.close()
    }
    return exit.ok
  },
}

/** Prints messages as they come; resolves after `countMax` of them. */
function printing(channel: Channel, asJson: boolean, countMax: number): Promise<void> {
  let count = 0
  return new Promise((resolve) => {
    channel.on("message", (message) => {
      // What comes between the last one and the close is not printed.
      if (count >= countMax) return
      show(message, asJson)
      if (++count === countMax) resolve()
    })
  })
}

function readCount(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new UsageError(`--count is a whole number above 0, not "${text}"`)
  return Number(text)
}

function show(message: Message, asJson: boolean): void {
  if (asJson) printJsonText(messageText(message))
  else printPayload(message.text ?? (message.data as Uint8Array))
}
