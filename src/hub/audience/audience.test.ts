import { expect, test } from "bun:test"
import { defaultLimits } from "../../../wire/limits.ts"
import { parseChannel } from "../../channels/name.ts"
import type { Rule } from "../../channels/channel.ts"
import type { Message } from "../../engines/engine.ts"
import type { PreparedMessage } from "../prepared-message.ts"
import { Counters } from "../../telemetry/counters.ts"
import { oneByOne } from "../../transports/one-by-one.ts"
import type { Listener, ListenerState } from "../../transports/transport.ts"
import { Audience, detach } from "./audience.ts"
import { Joining } from "./listener-state.ts"
import { RingBudget } from "./ring.ts"

const channel = parseChannel("/c", "body")

/** A listener that goes when it is written to, as a poll that waits does. */
class Once implements Listener {
  readonly kind = kind
  hubState: ListenerState | null = new Joining(channel)
  groupIndex = -1
  closed = false
  readonly outbox = this
  readonly heard: number[] = []

  start(): void {}

  write(messages: readonly PreparedMessage[]): void {
    this.heard.push(...messages.map(({ message }) => message.offset))
    this.closed = true
    detach(this)
  }

  ready(): null {
    return null
  }

  reset(): void {}

  end(): void {}
}

const kind = oneByOne("once", { writeMicros: 1, messageMicros: 1 })

const message = (offset: number): Message => ({
  channel,
  epoch: "e",
  offset,
  type: "text/plain",
  data: "x",
  bytes: 1,
  id: `m${offset}`,
  time: 0,
})

test("who joins a bucket that lags, and whose members go when they are served, hears what comes then", () => {
  const audience = new Audience({
    channel,
    rule: { keep: { count: 10, bytes: 1000, timeMs: 1000 } } as Rule,
    position: { epoch: "e", offset: 0 },
    context: { counters: new Counters(), rings: new RingBudget(defaultLimits), charge() {} },
  })
  const [first, second] = [new Once(), new Once()]
  audience.move(first, "at-head")
  audience.push(message(1))
  // The fan-out has not come to it yet: the first lags, and the second stands at the head.
  audience.move(second, "at-head")
  audience.push(message(2))
  audience.advance(1000)
  expect(first.heard).toEqual([1])
  expect(second.heard).toEqual([2])
})
