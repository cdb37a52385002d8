// The model server says what the real one says: the same commands to both, the same frames back. Without this the
// tests on the model would prove nothing.
import { expect, test } from "bun:test"
import type { ClientFrame, ServerFrame } from "../../wire/frames.ts"
import { startServer } from "../support/server.ts"
import { ModelServer } from "./model-server.ts"

/** A cursor of an earlier answer, put in when its command is sent. */
type Command = ClientFrame | ((frames: readonly ServerFrame[]) => ClientFrame)

const cursorOf = (frames: readonly ServerFrame[], ref: string): string => {
  const frame = frames.find((one) => "ref" in one && one.ref === ref)
  return frame && "cursor" in frame ? frame.cursor : ""
}

const commands: readonly Command[] = [
  { op: "ping", ref: "ping" },
  { op: "subscribe", ref: "first", channel: "/a" },
  { op: "publish", ref: "one", channel: "/a", data: 1, key: "k1" },
  { op: "publish", ref: "again", channel: "/a", data: 1, key: "k1" },
  { op: "publish", ref: "two", channel: "/a", data: { n: 2 } },
  { op: "unsubscribe", ref: "off", channel: "/a" },
  { op: "unsubscribe", ref: "off again", channel: "/a" },
  { op: "publish", ref: "three", channel: "/a", data: [3] },
  (frames) => ({ op: "subscribe", ref: "resume", channel: "/a", after: cursorOf(frames, "one") }),
  (frames) => ({ op: "subscribe", ref: "nothing missed", channel: "/a", after: cursorOf(frames, "three") }),
  { op: "subscribe", ref: "unknown", channel: "/a", after: "zzz-4" },
  { op: "publish", ref: "four", channel: "/a", data: null },
  { op: "subscribe", ref: "other", channel: "/b" },
]

/**
 * Without what is chosen by chance: epochs, ids, times, limits, and who else listens. Answers to publishes stand apart,
 * because whether one comes before or after the message itself is nobody's promise.
 */
function comparable(frames: readonly ServerFrame[]): unknown[] {
  const published = frames.filter(({ op }) => op === "published")
  return [...frames.filter(({ op }) => op !== "published"), ...published].map((frame) => {
    const { connection, limits, id, time, listeners, ...rest } = frame as Record<string, unknown>
    const { cursor } = rest
    return typeof cursor === "string" ? { ...rest, cursor: cursor.slice(cursor.indexOf("-")) } : rest
  })
}

test("[L4, L7, L8, L10, L11, L13] the model and the server answer the same commands with the same frames", async () => {
  const asked: ServerFrame[] = []
  const model = new ModelServer()
  const connection = model.connect({ frame: (frame) => asked.push(frame), over() {} })
  for (const command of commands) connection.receive(typeof command === "function" ? command(asked) : command)

  await using server = await startServer()
  const answered: ServerFrame[] = []
  const socket = new WebSocket(`${server.base.replace("http", "ws")}/_/ws`, "laba.v1")
  try {
    let tell = (): void => {}
    socket.onmessage = ({ data }) => {
      answered.push(JSON.parse(data) as ServerFrame)
      tell()
    }
    await new Promise((resolve) => (socket.onopen = resolve))
    for (const command of commands) {
      const frame = typeof command === "function" ? command(answered) : command
      socket.send(JSON.stringify(frame))
      while (!answered.some((one) => "ref" in one && one.ref === frame.ref)) {
        await new Promise<void>((resolve) => (tell = resolve))
      }
    }
    // The last answer closes the account: what comes late has come before it.
    while (answered.length < asked.length) await new Promise<void>((resolve) => (tell = resolve))
    expect(comparable(answered)).toEqual(comparable(asked))
  } finally {
    socket.close()
  }
})
