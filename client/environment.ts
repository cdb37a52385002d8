// What the client needs from the place it runs in, each part replaceable: mini programs bring their own socket, tests
// their own clock. Knows the globals of browsers, Bun, Node and Deno; nothing else in the client touches one.
import type { Report } from "./emitter.ts"

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

export interface FetchInit {
  method: string
  headers: Record<string, string>
  body?: string
  signal?: AbortSignal
  credentials?: "omit" | "same-origin" | "include"
  cache?: "no-store"
  keepalive?: boolean
}

/** The part of a `Response` that is used. Without `body` the SSE transport cannot read by `fetch`. */
export interface FetchAnswer {
  readonly ok: boolean
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body?: ReadableStream<Uint8Array> | null
  text(): Promise<string>
}

export type FetchLike = (url: string, init: FetchInit) => Promise<FetchAnswer>

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
export type Page = (heard: (event: PageEvent) => void) => () => void

export interface Environment {
  readonly socket: ((url: string, protocols: string[]) => SocketLike) | null
  readonly fetch: FetchLike | null
  readonly eventSource: ((url: string) => EventSourceLike) | null
  readonly storage: StorageLike | null
  readonly clock: Clock
  readonly page: Page
  /** From 0 to just below 1. */
  readonly random: () => number
  /** An unguessable key for one publish. */
  readonly key: () => string
  /** Where errors of the application's callbacks go. */
  readonly report: Report
}

/** The environment made of the globals that are there. */
export function globalEnvironment(): Environment {
  const scope = globalThis
  return {
    socket: scope.WebSocket ? (url, protocols) => new WebSocket(url, protocols) : null,
    fetch: "fetch" in scope ? (url, init) => fetch(url, init) : null,
    eventSource: scope.EventSource ? (url) => new EventSource(url) : null,
    storage: globalStorage(),
    clock: {
      now: () => Date.now(),
      after(ms, run) {
        const timer = setTimeout(run, ms)
        return () => clearTimeout(timer)
      },
    },
    page: watchPage,
    random: Math.random,
    key: randomKey,
    report: (error) => {
      // In a page the error reaches `window.onerror` and its reporters; elsewhere that would end the process.
      if (scope.document && "reportError" in scope) reportError(error)
      else console.error(error)
    },
  }
}

/** Reading `localStorage` throws where storage is blocked. */
function globalStorage(): StorageLike | null {
  try {
    return globalThis.document ? globalThis.localStorage : null
  } catch {
    return null
  }
}

/** 128 random bits. `crypto.randomUUID` is newer than our browsers, and not there without TLS. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("")
}

const watchPage: Page = (heard) => {
  const { document, addEventListener } = globalThis
  if (!document || !addEventListener) return () => {}
  const listeners: [EventTarget, string, () => void][] = [
    [globalThis, "online", () => heard("online")],
    // From the back-forward cache a page returns with sockets that are dead.
    [globalThis, "pageshow", () => heard("shown")],
    [document, "visibilitychange", () => heard(document.hidden ? "hidden" : "shown")],
  ]
  for (const [target, name, listener] of listeners) target.addEventListener(name, listener)
  return () => {
    for (const [target, name, listener] of listeners) target.removeEventListener(name, listener)
  }
}
