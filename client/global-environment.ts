// The place that the client runs in, made of the globals of browsers, Bun, Node and Deno. Nothing else in the client touches one.
import type { Environment, StorageLike, WatchPage } from "./environment.ts"

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
const randomKey = (): string => crypto.getRandomValues(new Uint32Array(4)).join("-")

const watchPage: WatchPage = (happened) => {
  const { document, addEventListener } = globalThis
  if (!document || !addEventListener) return () => {}
  const listeners: [EventTarget, string, () => void][] = [
    [globalThis, "online", () => happened("online")],
    // From the back-forward cache a page returns with sockets that are dead.
    [globalThis, "pageshow", () => happened("shown")],
    [document, "visibilitychange", () => happened(document.hidden ? "hidden" : "shown")],
  ]
  for (const [target, name, listener] of listeners) target.addEventListener(name, listener)
  return () => {
    for (const [target, name, listener] of listeners) target.removeEventListener(name, listener)
  }
}
