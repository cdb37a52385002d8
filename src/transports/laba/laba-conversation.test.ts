// A conversation over the real hub: what happens to one subscription happens to no other.
import { expect, test } from "bun:test"
import { defaultLimits } from "../../../wire/limits.ts"
import type { ServerFrame } from "../../../wire/frames.ts"
import { MemoryEngine } from "../../engines/memory/memory-engine.ts"
import { channelOf, TestHub } from "../../hub/testing/test-hub.ts"
import { oneByOne } from "../one-by-one.ts"
import { stubContext } from "../stub-context.ts"
import { LabaConversation } from "./laba-conversation.ts"
import type { LabaConnection } from "./laba-connection.ts"
import { executeCommand } from "./execute-command.ts"

const kind = oneByOne("test", { writeMicros: 1, messageMicros: 1 })

/** A client whose frames are written down; how often it is present is counted. */
function connect(testHub: TestHub) {
  const frames: ServerFrame[] = []
  let present = 0
  const connection = {
    kindOf: () => kind,
    closed: false,
    user: "u",
    send: (frame: string) => void frames.push(JSON.parse(frame)),
    sendAll: (all: readonly string[]) => void frames.push(...all.map((frame) => JSON.parse(frame))),
    ready: () => null,
  } as unknown as LabaConnection
  const join = () => {
    present++
    return { leave: () => void present-- }
  }
  const context = stubContext({
    hub: testHub.hub,
    counters: testHub.counters,
    presence: { join },
    access: {},
  })
  Object.assign(connection, { client: { identity: null } })
  const conversation = new LabaConversation(context, connection, { attached: [], reply: undefined })
  const unsubscribe = (channel: string) =>
    executeCommand(conversation, { op: "unsubscribe", ref: undefined, channel })
  const heardOn = (channel: string) =>
    frames.flatMap((frame) => (frame.op === "message" && frame.channel === channel ? [frame.data] : []))
  return { conversation, frames, unsubscribe, heardOn, present: () => present }
}

/** Nobody is left behind: neither in the hub nor in presence. */
function expectNobody(testHub: TestHub, client: ReturnType<typeof connect>): void {
  expect(client.present()).toBe(0)
  expect(testHub.hub.listenedChannels).toBe(0)
}

test("a replay that fails after its channel was unsubscribed takes no other subscription with it", async () => {
  const failing = Promise.withResolvers<never>()
  const testHub = new TestHub({
    engine: (events) => {
      const engine = new MemoryEngine(events, { limits: defaultLimits, boot: "run1" })
      const history = engine.history.bind(engine)
      return Object.assign(engine, {
        history: (...asked: Parameters<typeof history>) =>
          asked[0] === "/a" ? failing.promise : history(...asked),
      })
    },
  })
  testHub.publish("/a")
  const client = connect(testHub)
  client.conversation.subscribe(channelOf("/a"), { epoch: "run1", offset: 0 })
  client.conversation.subscribe(channelOf("/b"), null)
  void client.unsubscribe("/a")
  failing.reject(new Error("away"))
  await failing.promise.catch(() => undefined)
  await Bun.sleep(0)
  expect(client.conversation.channels).toEqual([channelOf("/b")])
  expect(client.frames.filter(({ op }) => op === "error")).toEqual([])
  testHub.publish("/b")
  testHub.settle()
  expect(client.heardOn("/b")).toEqual(["x"])
  client.conversation.left()
  expectNobody(testHub, client)
})

test("a client that unsubscribes while a deleted channel's listeners are ended in slices loses nothing else", async () => {
  const testHub = new TestHub()
  for (let i = 0; i < 1500; i++) testHub.listen("/a")
  const client = connect(testHub)
  client.conversation.subscribe(channelOf("/a"), null)
  client.conversation.subscribe(channelOf("/b"), null)
  await testHub.hub.forget(channelOf("/a"))
  expect(client.conversation.channels).toEqual([channelOf("/a"), channelOf("/b")])
  void client.unsubscribe("/a")
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => void setImmediate(resolve))
  expect(client.conversation.channels).toEqual([channelOf("/b")])
  client.conversation.left()
  expectNobody(testHub, client)
})
