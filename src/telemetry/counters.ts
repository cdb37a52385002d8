// What is counted on a node. Plain numbers, written on hot paths, read by whoever shows them.
import type { Code } from "../../wire/codes.ts"
import type { ResetReason } from "../../wire/frames.ts"

/** Everything since the start of the process. */
export class Counters {
  /** Messages accepted, duplicates not counted. */
  published = 0
  /** Their bytes of payload. */
  publishedBytes = 0
  /** Answers repeated for a known Idempotency-Key. */
  duplicates = 0
  /** Publishes that were refused, whichever way they came, by code. */
  readonly publishesRefused = new Map<Code, number>()
  /** Requests that were answered with an error, publishes among them, by code. */
  readonly requestsRefused = new Map<Code, number>()
  /** Errors told in frames of laba.v1 and STOMP, by code: refused commands, and why subscriptions and connections ended. */
  readonly errorFrames = new Map<Code, number>()
  /** Messages times listeners that they were written to. */
  delivered = 0
  /** Their bytes of payload, without what protocols add. */
  deliveredBytes = 0
  /** Listeners that gave a cursor and were given everything since. */
  resumed = 0
  /** Listeners that were told to reload, by why. */
  readonly resetsBy: Record<ResetReason, number> = {
    epoch: 0,
    trimmed: 0,
    "no-history": 0,
    "other-channels": 0,
    skipped: 0,
  }
  /** Readers closed because they were slow. */
  slowClosed = 0
  /** Readers that the runtime cut off because too much waited for them, before they were judged. */
  slowCut = 0
  /** Times a slow reader skipped to the newest message. */
  slowSkipped = 0
  /** Messages that STOMP clients said they could not take. */
  nacked = 0
  /** Times that a subscription stopped, since no more could wait for its acknowledgements in memory. */
  acknowledgementPauses = 0
  /** Connections dropped because they answered no ping. */
  silent = 0
  /** Channels whose history was dropped before its time, for the node's budget. */
  historyTrimmed = 0
  /** Publishes refused because the listeners of the channel lag. */
  overloaded = 0
  /** Times a hook of the application failed. */
  hooksFailed = 0
  /** Alarms of watches that this node has told: that a channel is silent, and that it is back. */
  readonly alarms: Record<"silent" | "back", number> = { silent: 0, back: 0 }
  /** Times somebody could not be told of an alarm, tried again or given up. */
  alarmsNotTold = 0
  /** Times the configuration was read again and used. */
  reloads = 0
  /** Times it was read again and had mistakes. */
  reloadsFailed = 0

  /** Listeners that were told to reload. */
  get resets(): number {
    return Object.values(this.resetsBy).reduce((sum, count) => sum + count, 0)
  }

  countReset(reason: ResetReason): void {
    this.resetsBy[reason]++
  }

  countRefusedPublish(code: Code): void {
    this.publishesRefused.set(code, (this.publishesRefused.get(code) ?? 0) + 1)
  }

  countErrorFrame(code: Code): void {
    this.errorFrames.set(code, (this.errorFrames.get(code) ?? 0) + 1)
  }

  countRefusedRequest(code: Code): void {
    this.requestsRefused.set(code, (this.requestsRefused.get(code) ?? 0) + 1)
  }
}
