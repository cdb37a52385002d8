// What the SSE and the poll transport share: a session's URL, its commands, and its two ways to end.
import type { ServerFrame } from "../../wire/frames.ts"
import type { RequestLike, ResponseLike } from "../environment.ts"
import type { Reason } from "../reason.ts"
import { createCommandQueue } from "./command-queue.ts"
import type { Transport, TransportEnvironment, TransportEvents } from "./transport.ts"

export interface Session {
  readonly transport: Transport
  /** Aborts when the session ends here. */
  readonly signal: AbortSignal
  /** Empty until `hello` has come. */
  readonly url: string
  isOver(): boolean
  request(method: string, url: string, headers?: Record<string, string>): Promise<ResponseLike>
  receive(frame: ServerFrame): void
  /** It ended from elsewhere. */
  fail(reason: Reason): void
}

/** Where sessions are opened. */
export const sessionUrl = ({ baseUrl }: TransportEnvironment): string => `${baseUrl}/_/session`

/** Throws where there is no `fetch`: commands go up by it, however the frames come down. */
export function createSession(environment: TransportEnvironment, events: TransportEvents): Session {
  // Taken out of its object: the browser's own `fetch` refuses to be another's method.
  const { fetch, credentials } = environment
  if (!fetch) throw new Error("there is no fetch here")
  const aborter = new AbortController()
  const { signal } = aborter
  let url = ""

  const end = (): void => {
    commands.stop()
    aborter.abort()
  }
  const fail = (reason: Reason): void => {
    if (signal.aborted) return
    end()
    events.closed(reason)
  }
  const send = (method: string, to: string, more: Partial<RequestLike>): Promise<ResponseLike> =>
    fetch(to, { method, headers: {}, credentials, cache: "no-store", ...more })
  const commands = createCommandQueue(
    (body) => send("POST", url, { headers: { "content-type": "application/json" }, body }),
    fail,
  )

  return {
    signal,
    get url() {
      return url
    },
    isOver: () => signal.aborted,
    request: (method, to, headers = {}) => send(method, to, { headers, signal }),
    receive(frame) {
      if (signal.aborted) return
      if (frame.op === "hello") {
        url = `${sessionUrl(environment)}/${encodeURIComponent(frame.connection)}`
        commands.start()
      }
      events.frame(frame)
    },
    fail,
    transport: {
      send: commands.send,
      close() {
        if (signal.aborted) return
        end()
        // A courtesy: the server would notice by itself. `keepalive` lets it leave a page that closes.
        if (url) send("DELETE", url, { keepalive: true }).catch(() => {})
      },
    },
  }
}
