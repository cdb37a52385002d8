// One listener: a TCP socket that asks to listen, checks the answer's status line, and hands all that follows to its
// reader. Written on bare sockets because a WebSocket client would cost more than the server under test.
import type { Socket } from "bun"
import { delayAcks } from "./delayed-acks.ts"
import type { Listening } from "./listening.ts"
import { SseReader } from "./sse-reader.ts"
import type { Tally } from "./tally.ts"
import { maskedText, WebSocketReader } from "./websocket-reader.ts"

interface ListenerOptions {
  readonly index: number
  readonly port: number
  readonly listening: Listening
  readonly tally: Tally
  readonly messageBytes: number
  /** Called when the connection ends and `leave` was not called. */
  readonly onLost: (why: string) => void
}

type State = "asking" | "greeting" | "listening" | "left"

const openSecondsMax = 60

export class Listener {
  readonly index: number
  private state: State = "asking"
  private head = ""
  private socket: Socket<Listener> | undefined
  private readonly listening: Listening
  private readonly reader: WebSocketReader | SseReader
  private readonly opened = Promise.withResolvers<void>()
  private readonly onLost: (why: string) => void

  private constructor(options: ListenerOptions) {
    const { index, listening, tally, messageBytes } = options
    this.index = index
    this.listening = listening
    this.onLost = options.onLost
    const words = listening.greet?.(() => this.enter())
    this.reader =
      listening.way === "sse"
        ? new SseReader(index, tally, messageBytes)
        : new WebSocketReader(index, tally, words)
  }

  /** Resolves when the server has said that this listener is in; throws when it says anything else. */
  static async open(options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options)
    const deadline = setTimeout(() => listener.end("no answer within a minute"), openSecondsMax * 1000)
    try {
      listener.socket = await Bun.connect({
        hostname: "127.0.0.1",
        port: options.port,
        data: listener,
        socket: events,
      })
      await listener.opened.promise
    } finally {
      clearTimeout(deadline)
    }
    return listener
  }

  start(socket: Socket<Listener>): void {
    this.socket = socket
    socket.write(this.listening.request)
  }

  take(socket: Socket<Listener>, chunk: Buffer): void {
    // What was on its way when it left is not heard: its place may be taken already.
    if (this.state === "left") return
    if (this.state !== "asking") return this.reader.read(chunk, socket)
    this.head += chunk.toString("latin1")
    const end = this.head.indexOf("\r\n\r\n")
    if (end < 0) return
    if (!this.head.startsWith(`HTTP/1.1 ${this.listening.status} `))
      return this.end(this.head.split("\r\n", 1)[0] as string)
    const rest = Buffer.from(this.head.slice(end + 4), "latin1")
    this.head = ""
    this.state = "greeting"
    if (this.listening.opening !== undefined) socket.write(maskedText(this.listening.opening))
    if (!this.listening.greet) this.enter()
    if (rest.length > 0) this.reader.read(rest, socket)
  }

  /** The connection is over, or never was. */
  end(why: string): void {
    if (this.state === "left") return
    const closeCode = this.reader instanceof WebSocketReader ? this.reader.closeCode : undefined
    const reason = closeCode === undefined ? why : `${why}, close code ${closeCode}`
    if (this.state === "listening") this.onLost(reason)
    else this.opened.reject(new Error(`Listener ${this.index} could not open: ${reason}`))
    this.state = "left"
    this.socket?.terminate()
  }

  /** Goes away without a word, as most clients do. */
  leave(): void {
    this.state = "left"
    this.socket?.end()
  }

  private enter(): void {
    this.state = "listening"
    if (this.socket) delayAcks(this.socket)
    this.opened.resolve()
  }
}

const events = {
  open: (socket: Socket<Listener>): void => socket.data.start(socket),
  data: (socket: Socket<Listener>, chunk: Buffer): void => socket.data.take(socket, chunk),
  close: (socket: Socket<Listener>): void => socket.data.end("closed"),
  end: (socket: Socket<Listener>): void => {
    socket.data.end("ended by the server")
    socket.end()
  },
  error: (socket: Socket<Listener>, error: Error): void => socket.data.end(error.message),
  connectError: (socket: Socket<Listener>, error: Error): void => socket.data.end(error.message),
}
