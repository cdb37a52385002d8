// A conformance case as data: a sentence, what it needs, and what must happen. A case knows an address and a transport,
// so it holds for any server that speaks the protocol.
import type { ServeOptions } from "../../src/server/index.ts"
import type { Transport } from "../support/transports.ts"

/** What a case is given. */
export interface Scene {
  /** Address of the server, without a slash at the end. */
  readonly base: string
  /** A channel nobody else uses. */
  readonly channel: string
  /** Where that channel is: `base + channel`. */
  readonly url: string
  /** The one of the case's `over` that this run is about. */
  readonly transport: Transport
}

export interface ConformanceCase {
  /** A sentence; begins with the rules of docs/PROTOCOL.md that it proves, as `[S1]`. */
  readonly name: string
  /** Run once over each of these. Without it the case is run once: nobody listens, or it does not matter how. */
  readonly over?: readonly Transport[]
  /** A server of its own with these options. Without them the case runs on any server with the default rules. */
  readonly options?: ServeOptions
  /** Longer than the usual 15 s, for a case that does much. */
  readonly timeoutMs?: number
  run(scene: Scene): Promise<void>
}

/** A rule for every channel that keeps `count` messages for longer than any test. */
export const keeping = (count: number, bytes = "16MB"): ServeOptions => ({
  channels: { "/**": { history: { count, bytes, time: "10m" } } },
})

/** A rule for every channel that keeps nothing. */
export const keepingNothing: ServeOptions = { channels: { "/**": { history: "none" } } }
