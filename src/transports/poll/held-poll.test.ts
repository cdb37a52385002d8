import { expect, test } from "bun:test"
import { type Position, printCursor } from "../../../wire/cursor.ts"
import { defaultLimits } from "../../../wire/limits.ts"
import { parseChannel } from "../../channels/name.ts"
import type { Message } from "../../engines/engine.ts"
import { PreparedMessage } from "../../hub/prepared-message.ts"
import { ChannelPositions } from "../channel-positions.ts"
import { stubContext } from "../stub-context.ts"
import { TimerWheel } from "../timer-wheel.ts"
import type { Listener } from "../transport.ts"
import { HeldManyPoll } from "./held-many-poll.ts"
import { HeldChannelPoll } from "./held-channel-poll.ts"
import { HeldPolls } from "./held-polls.ts"
import type { HeldPollOptions } from "./held-poll.ts"

const [a, b] = [parseChannel("/a", "body"), parseChannel("/b", "body")]
const at = (offset: number): Position => ({ epoch: "e", offset })

const messageAt = (channel: string, offset: number): PreparedMessage =>
  new PreparedMessage({
    ...at(offset),
    channel,
    id: String(offset),
    time: 0,
    type: "text/plain",
    data: "x",
    bytes: 1,
  } as Message)

/** A hub whose engine is away until somebody calls the listeners by hand. */
function start() {
  let nowMs = 0
  const wheel = new TimerWheel({ now: () => nowMs, manual: true })
  const joined: Listener[] = []
  const hub = { join: (listener: Listener) => void joined.push(listener), leave: () => undefined }
  const context = stubContext({ hub, wheel })
  return {
    joined,
    options: {
      context,
      heldPolls: new HeldPolls(defaultLimits),
      owner: { addressUsage: null, user: undefined, connection: null } as never,
      waitSeconds: 25,
      signal: new AbortController().signal,
    } satisfies HeldPollOptions,
    timeOut(): void {
      nowMs += 26_000
      wheel.turn()
    },
  }
}

const bodyOf = async (answer: Promise<Response>) =>
  (await (await answer).json()) as { cursor: string; reset: string | null; messages: unknown[] }

test("[Q4] a poll that times out while the engine is away stands where it stood", async () => {
  const t = start()
  const poll = new HeldChannelPoll({ ...t.options, channel: a, after: at(7), standing: at(7), reset: null })
  const answer = poll.answered()
  t.timeOut()
  const { cursor, messages: texts } = await bodyOf(answer)
  expect([cursor, texts]).toEqual([printCursor(a, at(7)), []])
})

test("[Q4] one that never learned where it stands is told to come back, and gets no cursor that is none", async () => {
  const t = start()
  const poll = new HeldChannelPoll({ ...t.options, channel: a, after: null, standing: null, reset: null })
  const answer = poll.answered()
  t.timeOut()
  expect(answer).rejects.toMatchObject({ code: "engine_unavailable", retry: "back-off" })
})

test("[M1] what has come on one channel is answered at once, though another has not begun yet", async () => {
  const t = start()
  const positions = new ChannelPositions([a, b])
  positions.set(0, at(1))
  positions.set(1, at(5))
  const lossy = { channel: b, cursor: printCursor(b, at(5)), reason: "no-history" } as const
  const poll = new HeldManyPoll({
    ...t.options,
    channels: [a, b],
    positions,
    from: [at(1), null],
    resets: [lossy],
  })
  t.joined[0]?.start({ position: at(1), recovered: true, history: "kept" })
  t.joined[0]?.write([messageAt("/a", 2)])
  const { messages: texts } = await bodyOf(poll.answered())
  expect(texts).toHaveLength(1)
})

test("[Q5] what comes while the poll is being made is answered", async () => {
  const t = start()
  const hub = { join: (listener: Listener) => listener.reset(at(9), "no-history"), leave: () => undefined }
  const context = stubContext({ ...t.options.context, hub })
  const poll = new HeldChannelPoll({
    ...t.options,
    context,
    channel: a,
    after: at(7),
    standing: at(7),
    reset: null,
  })
  const { cursor, reset } = await bodyOf(poll.answered())
  expect([cursor, reset]).toEqual([printCursor(a, at(9)), "no-history"])
})
