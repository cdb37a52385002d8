// A few connections that are kept, over which a whole crowd sends its requests, one at a time on each. A client for everybody would cost
// the machine more than what is asked does, and then the crowd would measure itself. What is sent it does not understand.
import type { Socket } from "bun"
import { type Answer, AnswerReader } from "./answer-reader.ts"

interface RequestConnectionsOptions<Tag> {
  readonly hostname: string
  readonly port: number
  /** Connections that are held. */
  readonly count: number
  /** An answer has come to what was sent with a tag. Its connection is free again. */
  readonly onAnswer: (tag: Tag, answer: Answer) => void
  /** The connection was lost before the answer: whether the request was heard is not known. */
  readonly onLoss: (tag: Tag) => void
  /** Something can be sent. */
  readonly onFree: () => void
  /** Nobody answered there who was called at a time of `performance.now()`; it is tried again. */
  readonly onUnreachable?: (error: Error, calledAt: number) => void
}

interface Connection<Tag> {
  readonly answers: AnswerReader
  socket: Socket<Connection<Tag>> | null
  hasGone: boolean
  /** What it waits for the answer of. */
  sent: { readonly tag: Tag; readonly at: number } | null
}

/** Handshakes at the same time. Below the 512 that Bun keeps waiting for `accept`. */
const handshakesMax = 128

/** Between two tries to reach who is away. */
const againMs = 100

export class RequestConnections<Tag> {
  private readonly options: RequestConnectionsOptions<Tag>
  private readonly open = new Set<Connection<Tag>>()
  private idle: Connection<Tag>[] = []
  private closed = false
  /** Resolves once all were open for the first time. */
  readonly ready: Promise<void>

  constructor(options: RequestConnectionsOptions<Tag>) {
    this.options = options
    this.ready = this.openAll()
  }

  get hasFree(): boolean {
    return this.idle.length > 0
  }

  /** Sends a request, or that part of the bytes, over a connection that is free. Throws when there is none. */
  send(tag: Tag, bytes: string | Buffer, offset = 0, length = Buffer.byteLength(bytes)): void {
    const connection = this.idle.pop()
    if (!connection) throw new Error("No connection is free.")
    connection.sent = { tag, at: performance.now() }
    const written =
      typeof bytes === "string"
        ? connection.socket?.write(bytes)
        : connection.socket?.write(bytes, offset, length)
    // It has gone, and that is told in a moment; or its other end reads nothing, and then it is no use either.
    if (written !== length) queueMicrotask(() => this.drop(connection))
  }

  /** Gives up what was sent so long ago and has no answer. */
  giveUp(afterMs: number): void {
    const before = performance.now() - afterMs
    for (const connection of [...this.open])
      if (connection.sent && connection.sent.at < before) this.drop(connection)
  }

  /** Nothing is sent any more, and no loss is told. */
  close(): void {
    this.closed = true
    for (const { socket } of this.open) socket?.terminate()
  }

  private async openAll(): Promise<void> {
    const { count } = this.options
    for (let opened = 0; opened < count; opened += handshakesMax) {
      const more = Math.min(handshakesMax, count - opened)
      await Promise.all(Array.from({ length: more }, () => this.connect()))
    }
  }

  /** Whoever is there is found again and again: it may be dead for a while. */
  private async connect(): Promise<void> {
    const { hostname, port, onFree, onUnreachable } = this.options
    while (!this.closed) {
      const calledAt = performance.now()
      const connection: Connection<Tag> = {
        answers: new AnswerReader(),
        socket: null,
        hasGone: false,
        sent: null,
      }
      try {
        connection.socket = await Bun.connect<Connection<Tag>>({
          hostname,
          port,
          data: connection,
          socket: {
            data: (socket, chunk) => this.take(socket.data, chunk),
            close: (socket) => this.lose(socket.data),
            error: (socket) => this.lose(socket.data),
          },
        })
      } catch (error) {
        onUnreachable?.(error as Error, calledAt)
        await Bun.sleep(againMs)
        continue
      }
      if (this.closed) return connection.socket.terminate()
      // Accepted by somebody who died at once.
      if (connection.hasGone) {
        await Bun.sleep(againMs)
        continue
      }
      this.open.add(connection)
      this.idle.push(connection)
      return onFree()
    }
  }

  private take(connection: Connection<Tag>, chunk: Buffer): void {
    for (const answer of connection.answers.read(chunk)) {
      const { sent } = connection
      connection.sent = null
      if (!sent) continue
      this.idle.push(connection)
      this.options.onAnswer(sent.tag, answer)
    }
    this.options.onFree()
  }

  private drop(connection: Connection<Tag>): void {
    connection.socket?.terminate()
    this.lose(connection)
  }

  /** A server hangs up on who says nothing for some seconds, and one that dies on everybody. */
  private lose(connection: Connection<Tag>): void {
    connection.hasGone = true
    if (!this.open.delete(connection) || this.closed) return
    this.idle = this.idle.filter((other) => other !== connection)
    void this.connect()
    if (connection.sent) this.options.onLoss(connection.sent.tag)
  }
}
