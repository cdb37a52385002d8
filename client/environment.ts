// The contract of the place that the client runs in, each part replaceable: mini programs bring their own socket, tests
// their own clock.
import type { ReportError } from "./emitter.ts"

/** The part of a `WebSocket` that is used. A mini program wraps its `connectSocket` in this. */
export interface SocketLike {
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(text: string): void
  close(code?: number, reason?: string): void
}

/** The part of an `EventSource` that is used. */
export interface EventSourceLike {
  onmessage: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  close(): void
}

export interface RequestLike {
  method: string
  headers: Record<string, string>
  body?: string
  signal?: AbortSignal
  credentials?: "omit" | "same-origin" | "include"
  cache?: "no-store"
  keepalive?: boolean
}

/** The part of a `Response` that is used. Without `body` the SSE transport cannot read by `fetch`. */
export interface ResponseLike {
  readonly ok: boolean
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body?: ReadableStream<Uint8Array> | null
  text(): Promise<string>
}

export type FetchLike = (url: string, init: RequestLike) => Promise<ResponseLike>

export interface StorageLike {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Runs once after `ms`; returns how to take it back. */
  after(ms: number, run: () => void): () => void
}

export type PageEvent = "online" | "shown" | "hidden"

/** Tells when the network is back and when the page is shown or hidden; returns how to stop listening. */
export type WatchPage = (happened: (event: PageEvent) => void) => () => void

export interface Environment {
  readonly socket: ((url: string, protocols: string[]) => SocketLike) | null
  readonly fetch: FetchLike | null
  readonly eventSource: ((url: string) => EventSourceLike) | null
  readonly storage: StorageLike | null
  readonly clock: Clock
  readonly page: WatchPage
  /** From 0 to just below 1. */
  readonly random: () => number
  /** An unguessable key for one publish. */
  readonly key: () => string
  /** Where errors of the application's callbacks go. */
  readonly report: ReportError
}
