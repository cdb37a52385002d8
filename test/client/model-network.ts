// A network between the client and the model server: it delays, cuts, swallows and blocks. Speaks the client's own
// pluggable parts, a socket and a fetch, so that the real transports run over it.
import type { ResponseLike, RequestLike, SocketLike } from "../../client/environment.ts"
import type { ClientFrame, ServerFrame } from "../../wire/frames.ts"
import type { FakeClock } from "../support/fake-clock.ts"
import type { ModelConnection, ModelServer } from "./model-server.ts"

export type Path = "websocket" | "sse" | "poll"

interface PolledSession {
  readonly connection: ModelConnection
  readonly frames: ServerFrame[]
  first: number
  wake: (() => void) | null
  cancelGrace: () => void
  end: () => void
}

export class ModelNetwork {
  latencyMs: () => number = () => 5
  readonly blocked = new Set<Path>()
  isUp = true
  /** Answers to polls and commands that are lost although the server did its part; counted down. */
  answersToLose = 0
  /** What was opened, in order. */
  readonly attempts: Path[] = []
  private isBuffering = false
  private readonly holding = new Set<() => void>()
  private readonly links = new Set<{ cut(isSilent: boolean): void }>()
  private readonly streams = new Map<string, ModelConnection>()
  private readonly polled = new Map<string, PolledSession>()
  private readonly clock: FakeClock
  private readonly server: ModelServer

  constructor(server: ModelServer, clock: FakeClock) {
    this.server = server
    this.clock = clock
  }

  /** What streams carry is held back, as behind a proxy that buffers, until this is false again. */
  set buffers(buffers: boolean) {
    this.isBuffering = buffers
    if (!buffers) for (const release of this.holding) release()
  }

  /** Every connection breaks; with `isSilent` the client is not told. */
  cut({ isSilent }: { isSilent: boolean }): void {
    for (const link of [...this.links]) link.cut(isSilent)
    this.links.clear()
  }

  readonly socket = (): SocketLike => {
    this.attempts.push("websocket")
    const { clock, server, links } = this
    let connection: ModelConnection | null = null
    let isOver = false
    const close = (code: number): void => {
      if (isOver) return
      end()
      socket.onclose?.({ code, reason: "" } as never)
    }
    const end = (): void => {
      isOver = true
      links.delete(link)
      connection?.leave()
    }
    const link = {
      cut: (isSilent: boolean) => {
        if (!isSilent) return close(1006)
        end()
      },
    }
    links.add(link)
    const down = this.pipe((frame: ServerFrame | null) => {
      if (isOver) return
      if (frame) socket.onmessage?.({ data: JSON.stringify(frame) } as never)
      else close(1006)
    })
    const up = this.pipe((frame: ClientFrame) => {
      if (!isOver) connection?.receive(frame)
    })
    clock.after(this.latencyMs(), () => {
      if (isOver) return
      if (this.isBlocked("websocket")) return close(1006)
      socket.onopen?.({} as never)
      connection = server.connect({ frame: down, over: () => down(null) })
    })
    const socket: SocketLike = {
      onopen: null,
      onmessage: null,
      onclose: null,
      onerror: null,
      send: (text) => up(JSON.parse(text)),
      close: end,
    }
    return socket
  }

  readonly fetch = async (url: string, init: RequestLike): Promise<ResponseLike> => {
    const { pathname, searchParams } = new URL(url)
    const id = pathname.slice("/_/session/".length)
    await this.wait(init.signal)
    if (init.method === "GET" && !id) return this.stream(init.signal)
    if (init.method === "POST" && !id) return this.answer(init.signal, () => this.openPolled())
    if (init.method === "GET") return this.poll(id, searchParams, init.signal)
    return this.answer(init.signal, () => this.command(id, init))
  }

  private isBlocked(path: Path): boolean {
    return !this.isUp || this.blocked.has(path)
  }

  private stream(signal: AbortSignal | undefined): ResponseLike {
    this.attempts.push("sse")
    if (this.isBlocked("sse")) throw new TypeError("blocked")
    const { server, links, streams, holding } = this
    let controller: ReadableStreamDefaultController<Uint8Array>
    const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) })
    let isOver = false
    const end = (): void => {
      isOver = true
      links.delete(link)
      holding.delete(release)
      streams.delete(connection.id)
      connection.leave()
    }
    const close = (): void => {
      if (isOver) return
      end()
      controller.error(new TypeError("network"))
    }
    const link = { cut: (isSilent: boolean) => (isSilent ? end() : close()) }
    links.add(link)
    signal?.addEventListener("abort", close)
    const encoder = new TextEncoder()
    let held: string[] = []
    const release = (): void => {
      for (const text of held) controller.enqueue(encoder.encode(text))
      held = []
    }
    holding.add(release)
    const down = this.pipe((frame: ServerFrame | null) => {
      if (isOver) return
      if (!frame) return close()
      held.push(`data: ${JSON.stringify(frame)}\n\n`)
      if (!this.isBuffering) release()
    })
    const connection = server.connect({ frame: down, over: () => down(null) })
    streams.set(connection.id, connection)
    return answerOf(200, "", body)
  }

  private openPolled(): ResponseLike {
    this.attempts.push("poll")
    const { server, polled } = this
    const frames: ServerFrame[] = []
    let session: PolledSession | null = null
    const connection = server.connect({
      frame(frame) {
        frames.push(frame)
        session?.wake?.()
      },
      over: () => session?.end(),
    })
    session = {
      connection,
      cancelGrace: () => {},
      frames,
      first: 1,
      wake: null,
      end() {
        session?.cancelGrace()
        polled.delete(connection.id)
        connection.leave()
        session?.wake?.()
      },
    }
    polled.set(connection.id, session)
    this.grace(session)
    return answerOf(201, JSON.stringify({ ack: 1, frames }))
  }

  private async poll(
    id: string,
    query: URLSearchParams,
    signal: AbortSignal | undefined,
  ): Promise<ResponseLike> {
    if (this.isBlocked("poll")) throw new TypeError("blocked")
    const session = this.polled.get(id)
    if (!session) return this.answer(signal, () => gone)
    const ack = Number(query.get("ack"))
    session.frames.splice(0, Math.max(0, ack + 1 - session.first))
    session.first = ack + 1
    session.cancelGrace()
    if (session.frames.length === 0) await this.held(session, Number(query.get("wait")) * 1000, signal)
    this.grace(session)
    const frames = [...session.frames]
    return this.answer(signal, () => answerOf(200, JSON.stringify({ ack: ack + frames.length, frames })))
  }

  /** A session that is not asked for its frames ends after ten seconds. */
  private grace(session: PolledSession): void {
    session.cancelGrace()
    session.cancelGrace = this.clock.after(10_000, session.end)
  }

  private held(session: PolledSession, ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.clock.after(ms, () => done())
      const done = (): void => {
        cancel()
        session.wake = null
        this.links.delete(link)
        resolve()
      }
      const fail = (): void => {
        done()
        reject(new TypeError("network"))
      }
      // A poll that is swallowed without a word ends, in a browser, with the network's own timeout.
      const link = { cut: (isSilent: boolean) => (isSilent ? void this.clock.after(60_000, fail) : fail()) }
      this.links.add(link)
      session.wake = done
      signal?.addEventListener("abort", () => {
        this.grace(session)
        fail()
      })
    })
  }

  private command(id: string, { method, body }: RequestLike): ResponseLike {
    const connection = this.streams.get(id) || this.polled.get(id)?.connection
    if (!connection) return gone
    if (method === "DELETE") {
      this.polled.get(id)?.end()
      return answerOf(204, "")
    }
    for (const frame of JSON.parse(body as string) as ClientFrame[]) connection.receive(frame)
    return answerOf(202, "")
  }

  /** The answer travels back; it may be lost on the way. */
  private async answer(signal: AbortSignal | undefined, act: () => ResponseLike): Promise<ResponseLike> {
    if (!this.isUp) throw new TypeError("network")
    const answer = act()
    await this.wait(signal)
    if (!this.isUp || this.answersToLose-- > 0) throw new TypeError("network")
    this.answersToLose = Math.max(0, this.answersToLose)
    return answer
  }

  private wait(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.clock.after(this.latencyMs(), () =>
        signal?.aborted ? reject(new TypeError("aborted")) : resolve(),
      )
    })
  }

  /** Delivers in order, each thing after its own delay at the earliest. */
  private pipe<T>(deliver: (thing: T) => void): (thing: T) => void {
    let lastAt = 0
    return (thing) => {
      lastAt = Math.max(lastAt, this.clock.now() + this.latencyMs())
      this.clock.after(lastAt - this.clock.now(), () => deliver(thing))
    }
  }
}

function answerOf(
  status: number,
  text: string,
  body: ReadableStream<Uint8Array> | null = null,
): ResponseLike {
  return { ok: status < 300, status, headers: { get: () => null }, body, text: async () => text }
}

const gone = answerOf(410, JSON.stringify({ code: "gone", retry: "stay-away", detail: "It is over." }))
