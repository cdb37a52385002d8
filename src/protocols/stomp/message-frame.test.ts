import { expect, test } from "bun:test"
import type { Channel } from "../../channels/channel.ts"
import type { Message } from "../../engines/engine.ts"
import { PreparedMessage } from "../../hub/prepared-message.ts"
import { joinFrame, messageHead, messageTails } from "./message-frame.ts"
import { MessageVariants, variantsPerChannelMax } from "./message-variant.ts"
import { stompVersions } from "./version.ts"

const channel = "/topic/a" as Channel
const message: Message = {
  channel,
  epoch: "e",
  offset: 1,
  type: "application/json",
  data: '{"é":1}',
  bytes: 8,
  headers: [["a:b", "c\\\n"]],
  id: "n.1",
  time: 0,
}

const cursor = "cursor:e-1."

test("[T15] (1.0, 1.1, 1.2 «MESSAGE») a frame is its subscription's head and the message's tail, escaped as the version says", () => {
  const frames = stompVersions.map((version) => {
    const head = messageHead({ version, id: "0", destination: "/topic/a:b" })
    return joinFrame(head, messageTails[version].encode(message)) as string
  })
  const [v12 = "", v11, v10 = ""] = frames
  expect(v12).toStartWith("MESSAGE\nsubscription:0\ndestination:/topic/a\\cb\nmessage-id:n.1\n")
  expect(v12).toContain(`content-type:application/json\ncontent-length:8\n${cursor}`)
  expect(v12).toEndWith('\na\\cb:c\\\\\\n\n\n{"é":1}\0')
  expect(v11).toBe(v12)
  expect(v10).toContain("destination:/topic/a:b\n")
  expect(v10).toEndWith('\na_b:c\\ \n\n{"é":1}\0')
})

test("[T12] (1.0, 1.1) a header that a version cannot spell becomes no other header, and ends no line", () => {
  const headers = [
    ["reset:evil", "v\r\nreset:evil"],
    ["\r\nreset", "x"],
  ] as const
  const linesIn = (version: "1.0" | "1.1") =>
    (messageTails[version].encode({ ...message, headers }) as string).split("\n").slice(-4, -2)
  expect(linesIn("1.0")).toEqual(["reset_evil:v  reset:evil", "__reset:x"])
  expect(linesIn("1.1")).toEqual(["reset\\cevil:v \\nreset\\cevil", "_\\nreset:x"])
})

test("[T15] bytes are bytes to the end", () => {
  const frame = joinFrame(
    "MESSAGE\n",
    messageTails["1.2"].encode({ ...message, data: Uint8Array.of(0, 255), headers: undefined }),
  )
  expect(frame).toBeInstanceOf(Uint8Array)
  expect(Array.from(frame as Uint8Array).slice(-4)).toEqual([10, 0, 255, 0])
})

test("alike subscriptions share one frame, made once", () => {
  const variants = new MessageVariants()
  const facts = { version: "1.2", id: "sub-0", destination: "/topic/a" } as const
  const [one, two] = [variants.take(channel, facts), variants.take(channel, facts)]
  expect(one).not.toBeNull()
  expect(two).toBe(one)
  const prepared = new PreparedMessage(message)
  expect(prepared.frameFor(one as never)).toBe(prepared.frameFor(two as never))
  expect(variants.take(channel, { ...facts, id: "sub-1" })).not.toBe(one)
})

test("what a channel shares is bounded, and what nobody uses makes room", () => {
  const variants = new MessageVariants()
  const take = (id: string) => variants.take(channel, { version: "1.2", id, destination: "/topic/a" })
  const taken = Array.from({ length: variantsPerChannelMax }, (_, index) => take(`s${index}`))
  expect(taken).not.toContain(null)
  expect(take("one too many")).toBeNull()
  variants.giveBack(channel, taken[0] as never)
  expect(take("in its place")).not.toBeNull()
  expect(take("x".repeat(400))).toBeNull()
})
