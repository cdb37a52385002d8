// A session of SockJS that looks like a WebSocket, so that a client that speaks over a WebSocket speaks over SockJS with nothing changed.
import type { Dial } from "./dial.ts"
import { freshSession, openSocket, openStream, poll, post } from "./sockjs-session.ts"

/** How frames come to the client. */
export type SockJsCarrier = "websocket" | "xhr_streaming" | "xhr"

interface Carried {
  /** Until the session has ended, or cannot go on. */
  readonly frames: AsyncIterable<string>
  send(messages: readonly string[]): Promise<unknown> | void
}

interface Carrying {
  /** The address of the session. */
  readonly session: string
  /** Shown with everything that is asked. */
  readonly headers: Record<string, string>
  readonly gone: AbortSignal
}

const carriers: Record<SockJsCarrier, (carrying: Carrying) => Carried> = {
  websocket: ({ session, headers, gone }) => {
    const opening = openSocket(`${session}/websocket`, [], headers)
    gone.addEventListener("abort", () => void opening.then(({ socket }) => socket.close()))
    return {
      frames: socketFrames(opening),
      send: async (messages) => (await opening).send(JSON.stringify(messages)),
    }
  },
  xhr_streaming: (carrying) => ({ frames: streamedFrames(carrying), send: posting(carrying) }),
  xhr: (carrying) => ({ frames: polledFrames(carrying), send: posting(carrying) }),
}

const posting =
  ({ session, headers }: Carrying): Carried["send"] =>
  (messages) =>
    post(`${session}/xhr_send`, JSON.stringify(messages), headers)

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** However long a test takes. */
const foreverMs = 2 ** 30

async function* socketFrames(opening: ReturnType<typeof openSocket>): AsyncGenerator<string> {
  const { frames } = await opening
  for (;;) yield await frames.next(foreverMs)
}

async function* streamedFrames({ session, ...more }: Carrying): AsyncGenerator<string> {
  for (;;) {
    const stream = await openStream(`${session}/xhr_streaming`, "POST", more)
    if (!stream.response.ok) return yield* refusal(await stream.frames.next())
    for (;;) {
      const frame = await stream.frames.next(foreverMs).catch(() => null)
      if (frame === null) break
      yield frame
    }
  }
}

async function* polledFrames({ session, headers, gone }: Carrying): AsyncGenerator<string> {
  for (;;) {
    const frame = await poll(session, headers, gone)
    if (frame.startsWith("{")) return yield* refusal(frame)
    yield frame
  }
}

/** What was answered as a problem, told as the end that a client of SockJS hears. */
function* refusal(problem: string): Generator<string> {
  const { status, code } = JSON.parse(problem) as { status: number; code: string }
  yield `c${JSON.stringify([status, code])}`
}

class SockJsSocket {
  readonly protocol = ""
  binaryType = "arraybuffer"
  readyState: number = WebSocket.CONNECTING
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onerror: (() => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null
  private readonly gone = new AbortController()
  private readonly carried: Carried
  private waiting: string[] = []
  private sending = false

  constructor(url: string, carrier: SockJsCarrier, headers: Readonly<Record<string, string>>) {
    this.carried = carriers[carrier]({ session: freshSession(url), headers, gone: this.gone.signal })
    void this.hear()
  }

  send(data: string | Uint8Array): void {
    this.waiting.push(typeof data === "string" ? data : decoder.decode(data))
    if (!this.sending) void this.sendWaiting()
  }

  close(): void {
    this.end(1000, "")
    this.gone.abort()
  }

  private async sendWaiting(): Promise<void> {
    this.sending = true
    try {
      // What is refused is told by the session, too.
      while (this.waiting.length > 0) await this.carried.send(this.waiting.splice(0))
    } catch {
      this.end(1006, "")
    }
    this.sending = false
  }

  private async hear(): Promise<void> {
    try {
      for await (const frame of this.carried.frames) {
        this.take(frame)
        if (this.readyState === WebSocket.CLOSED) return
      }
    } catch {
      this.end(1006, "")
    }
  }

  private take(frame: string): void {
    const json = frame.slice(1)
    if (frame[0] === "o") {
      this.readyState = WebSocket.OPEN
      this.onopen?.()
    } else if (frame[0] === "a") {
      for (const data of JSON.parse(json) as string[]) this.onmessage?.({ data })
    } else if (frame[0] === "c") {
      this.end(...(JSON.parse(json) as [number, string]))
      this.gone.abort()
    }
  }

  private end(code: number, reason: string): void {
    if (this.readyState === WebSocket.CLOSED) return
    if (this.readyState === WebSocket.CONNECTING) this.onerror?.()
    this.readyState = WebSocket.CLOSED
    this.onclose?.({ code, reason })
  }
}

/** Dials a session of the service at the URL. */
export const dialSockJs =
  (carrier: SockJsCarrier): Dial =>
  (url, { headers = {} }) =>
    // What the clients use of a WebSocket, and no more.
    new SockJsSocket(url.replace(/^ws/, "http"), carrier, headers) as unknown as WebSocket
