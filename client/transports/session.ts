// What the SSE and the poll transport share: a session's URL, its commands, and its two ways to end.
import type { ServerFrame } from "../../wire/frames.ts"
import { createCommands } from "./command-queue.ts"
import type { FetchAnswer, FetchInit } from "../environment.ts"
import type { Reason } from "../reason.ts"
import type { Ear, Line, Site } from "./transport.ts"

export interface Session {
  readonly line: Line
  /** Aborts when the session ends here. */
  readonly signal: AbortSignal
  readonly url: string
  isOver(): boolean
  request(method: string, url: string, headers?: Record<string, string>): Promise<FetchAnswer>
  heard(frame: ServerFrame): void
  lost(reason: Reason): void
}

/** Where sessions are opened. */
export const sessionUrl = (site: Site): string => `${site.base}/_/session`

export function createSession(site: Site, ear: Ear): Session {
  const aborter = new AbortController()
  let url = ""
  let isOver = false

  const end = (): void => {
    isOver = true
    commands.stop()
    aborter.abort()
  }
  const lost = (reason: Reason): void => {
    if (isOver) return
    end()
    ear.lost(reason)
  }
  const send = (method: string, to: string, more: Partial<FetchInit>): Promise<FetchAnswer> => {
    // Taken out of its object: the browser's own `fetch` refuses to be another's method.
    const { fetch } = site
    if (!fetch) throw new Error("there is no fetch here")
    return fetch(to, { method, headers: {}, credentials: site.credentials, cache: "no-store", ...more })
  }

  const commands = createCommands(
    (to, body) => send("POST", to, { headers: { "content-type": "application/json" }, body }),
    lost,
  )

  return {
    signal: aborter.signal,
    get url() {
      return url
    },
    isOver: () => isOver,
    request: (method, to, headers = {}) => send(method, to, { headers, signal: aborter.signal }),
    heard(frame) {
      if (isOver) return
      if (frame.op === "hello") {
        url = `${sessionUrl(site)}/${encodeURIComponent(frame.connection)}`
        commands.start(url)
      }
      ear.frame(frame)
    },
    lost,
    line: {
      send: commands.send,
      close() {
        if (isOver) return
        end()
        // A courtesy: the server would notice by itself. `keepalive` lets it leave a page that closes.
        if (url) send("DELETE", url, { keepalive: true }).catch(() => {})
      },
    },
  }
}
