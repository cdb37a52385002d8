// The contract of what is measured: a server in a process of its own, with channels that are published to by POST and
// listened at by GET on the same path.
import type { Way } from "../load/listening.ts"

export interface Peer {
  readonly name: string
  readonly ways: readonly Way[]
  /** Why it cannot run here, in one line; undefined when it can. */
  missing?(): string | undefined
  /** Seconds under load until its code is compiled, before anything is measured. Default: none besides the bench's own. */
  readonly compileSeconds?: number
  /** False when it brings messages of several publishers to its listeners in different orders. Default true. */
  readonly hasOneOrder?: boolean
  /** Starts it on a free port and resolves when it listens. */
  start(options?: StartOptions): Promise<RunningPeer>
}

export interface StartOptions {
  /** How long a message is kept, in seconds. Default: a minute, at most 100 messages a channel. */
  readonly historySeconds?: number
  /** Bytes of history on the whole server. Default: what the server does by default. */
  readonly historyBytesMax?: number
  /** Messages kept of one channel. Default 100. */
  readonly historyCount?: number
  /** More of Laba's configuration. Other servers have no use for it. */
  readonly config?: Readonly<Record<string, unknown>>
  /** More of Laba's rule for all channels. */
  readonly rule?: Readonly<Record<string, unknown>>
}

export interface RunningPeer extends AsyncDisposable {
  readonly port: number
  /** Where it is published to by POST, when that is elsewhere. */
  readonly publishPort?: number
  /** The process whose tree does the work. */
  readonly pid: number
  /** Asks a Bun or Node server to collect garbage and to watch its loop; absent where there is neither. */
  readonly gauge?: GaugeClient
}

/** What the loop was seen to do while it was watched, in milliseconds. */
export interface LoopHolds {
  readonly turns: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface GaugeClient {
  collectGarbage(): Promise<void>
  watchLoop(): Promise<void>
  loopHolds(): Promise<LoopHolds>
}
