// Catches a listener up with what it missed, then lets it join. Pages of history, then what the ring holds beyond,
// then the seat: the last two in one turn, so that nothing falls between.
import type { Position } from "../../wire/cursor.ts"
import type { Engine, Message, PageBounds } from "../engines/engine.ts"
import { Entry } from "../protocols/protocol.ts"
import type { Counters } from "../telemetry/counters.ts"
import type { Listener } from "../transports/transport.ts"
import { type Audience, payloadBytes } from "./audience.ts"

export interface CatchUpOptions {
  readonly engine: Engine
  readonly audience: Audience
  readonly listener: Listener
  readonly after: Position
  readonly bounds: PageBounds
  readonly counters: Counters
  /** A message was read. The audience itself may not have heard it yet. */
  readonly onRead: (message: Message) => void
  /** The audience stands elsewhere than what was read. Resolves when it has made up for that, or cannot now. */
  readonly behind: () => Promise<void>
}

/** Seats a listener that gave no cursor: it stands at the head. */
export function seatAtHead(audience: Audience, listener: Listener, recovered: boolean): void {
  audience.seat(listener)
  listener.start({ position: audience.position, recovered, history: audience.history })
}

/** Seats a listener at the head and tells it to reload. It may close on hearing so; then it has left by itself. */
export function seatByReset(
  options: Pick<CatchUpOptions, "audience" | "listener" | "counters">,
  reason: Parameters<Listener["reset"]>[1],
  started: boolean,
): void {
  const { audience, listener, counters } = options
  counters.countReset(reason)
  audience.seat(listener)
  if (!started) listener.start({ position: audience.position, recovered: false, history: audience.history })
  listener.reset(audience.position, reason)
}

/** Replays what came after `after` and seats the listener. The caller has announced it with `audience.beginCatchUp`. */
export async function catchUp(options: CatchUpOptions): Promise<void> {
  const { engine, audience, listener, after, bounds, counters, onRead, behind } = options
  let position = after
  let started = false
  const here = () => !listener.closed && listener.audience === audience
  while (here()) {
    const page = await engine.history(audience.channel, position, audience.rule.keep, bounds)
    if (!here()) return
    if ("reset" in page) return seatByReset(options, page.reset, started)
    if (!started) {
      started = true
      listener.start({ position: after, recovered: true, history: audience.history })
    }
    const last = page.messages[page.messages.length - 1]
    if (last) {
      const entries = page.messages.map((message) => new Entry(message))
      counters.delivered += entries.length
      counters.deliveredBytes += payloadBytes(entries)
      listener.write(entries)
      position = last
      // An engine that answers later may have shown here what it has not delivered yet.
      for (const message of page.messages) onRead(message)
    }
    if (!here()) return
    // Behind a deleted and refilled channel the epochs differ; reading again with the old position answers the reset.
    if (!page.more && position.epoch === audience.epoch && position.offset <= audience.head) {
      const beyond = audience.since(position.offset)
      if (beyond) {
        counters.delivered += beyond.length
        counters.deliveredBytes += payloadBytes(beyond)
        if (beyond.length > 0) listener.write(beyond)
        if (!here()) return
        counters.resumed++
        audience.seat(listener)
        return
      }
    }
    if (!page.more && (position.epoch !== audience.epoch || position.offset > audience.head)) await behind()
    const wait = listener.ready()
    if (wait) await wait
  }
}
