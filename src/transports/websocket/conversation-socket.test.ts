import { expect, test } from "bun:test"
import { Connections } from "../connections/connections.ts"
import { SlowReaders } from "../slow-readers.ts"
import { stubContext } from "../stub-context.ts"
import type { GroupKind } from "../transport.ts"
import { LabaConversation } from "../laba/laba-conversation.ts"
import { ConversationSocket } from "./conversation-socket.ts"
import type { LabaWebSocket } from "./socket.ts"

const outboxBytesMax = 1000

/** A socket whose client reads nothing, on a channel whose rule lets it skip. */
function start() {
  let nowMs = 1
  let backlog = 0
  const closed: [number | undefined, string | undefined][] = []
  let skipped = 0
  const slowReaders = new SlowReaders({ outboxBytesMax, now: () => nowMs })
  const context = stubContext({
    slowReaders,
    limits: { outboxBytesMax },
    connections: new Connections("node"),
    access: { may: () => undefined },
    askToSubscribe: () => undefined,
    hub: {
      prepare: () => () => undefined,
      join: () => undefined,
      leave: () => undefined,
      startSkipping() {
        skipped++
        return () => undefined
      },
    },
  })
  const socket = new ConversationSocket({
    context,
    kindOf: () => ({ name: "test" }) as GroupKind,
    converse: (connection) => new LabaConversation(context, connection, { attached: [], reply: undefined }),
  })
  socket.number = context.connections.reserve()
  socket.onOpen({
    send(frame: string) {
      backlog += frame.length
      return -1
    },
    getBufferedAmount: () => backlog,
    close(code?: number, reason?: string) {
      closed.push([code, reason])
      socket.onClose(code ?? 1005, reason ?? "")
    },
  } as unknown as LabaWebSocket)
  return {
    closed,
    get skipped() {
      return skipped
    },
    /** Sends commands whose answers are that many bytes at least. */
    ask(bytes: number): void {
      for (const until = backlog + bytes; backlog < until && closed.length === 0;)
        socket.onMessage(JSON.stringify({ op: "ping", ref: "r".repeat(64) }))
    },
    subscribe: () => socket.onMessage(JSON.stringify({ op: "subscribe", ref: 1, channel: "/a" })),
    lookAfter(ms: number): void {
      nowMs += ms
      slowReaders.look()
    },
    [Symbol.dispose]: () => slowReaders.stop(),
  }
}

test("a WebSocket is ended by its own unread answers, though its channel skips", () => {
  using t = start()
  t.subscribe()
  t.ask(outboxBytesMax + 1)
  t.lookAfter(0)
  t.lookAfter(1000)
  expect([t.skipped, t.closed]).toEqual([1, []])
  t.ask(outboxBytesMax / 2)
  t.lookAfter(5000)
  expect([t.skipped, t.closed]).toEqual([1, []])
  t.ask(outboxBytesMax)
  t.lookAfter(250)
  expect(t.closed).toEqual([[4200, "slow"]])
})
