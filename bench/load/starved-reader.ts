// A listener that reads next to nothing: nothing at all, or a byte a second. It listens by laba.v1 to several channels: one
// of them may be there to fill the megabytes that the kernel takes, without a thousand others having to hear as much. Linux only.
import { dlopen, ptr } from "bun:ffi"
import type { Socket } from "bun"
import { closeOf, framesIn } from "../../test/support/websocket-frames.ts"
import { listeningTo } from "./listening.ts"
import { maskedText } from "./websocket-reader.ts"

/** Of `recv`: answer at once, whether there is something or not. */
const doNotWait = 0x40

const libc = dlopen("libc.so.6", {
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
}).symbols

interface StarvedReaderOptions {
  readonly port: number
  readonly channels: readonly string[]
  /** Bytes read each second; 0 is a reader that stopped. */
  readonly bytesPerSecond: number
}

export class StarvedReader {
  /** Bytes read one by one. */
  dripped = 0
  private readonly chunks: Buffer[] = []
  private readonly over = Promise.withResolvers<void>()
  private socket: Socket | undefined
  private isStarved = false
  private drip: ReturnType<typeof setInterval> | undefined

  /** Resolves once it listens, and from then on reads no more than it may. */
  static async open(options: StarvedReaderOptions): Promise<StarvedReader> {
    const reader = new StarvedReader()
    const opened = Promise.withResolvers<void>()
    const { port, channels, bytesPerSecond } = options
    const { request } = listeningTo({ port, path: "/_/ws", way: "laba.v1" })
    reader.socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        open(socket) {
          const subscribes = channels.map((channel) =>
            maskedText(JSON.stringify({ op: "subscribe", channel })),
          )
          socket.write(Buffer.concat([request, ...subscribes]))
        },
        data(socket, bytes) {
          reader.chunks.push(Buffer.from(bytes))
          // From its last subscription on it reads no more by itself.
          if (reader.isStarved || reader.subscriptions < channels.length) return
          reader.isStarved = true
          socket.pause()
          opened.resolve()
        },
        end: () => reader.over.resolve(),
        close: () => reader.over.resolve(),
        error: () => reader.over.resolve(),
      },
    })
    await opened.promise
    if (bytesPerSecond > 0) reader.drip = setInterval(() => reader.read(bytesPerSecond), 1000)
    return reader
  }

  /** Reads all that is left, to the end, and answers with what number and word the server closed; null without a close. */
  async lastWord(): Promise<{ number: number; reason: string } | null> {
    clearInterval(this.drip)
    this.socket?.resume()
    const patience = setTimeout(this.over.resolve, 20_000)
    await this.over.promise
    clearTimeout(patience)
    this.leave()
    const close = framesIn(Buffer.concat(this.chunks)).find(({ opcode }) => opcode === 8)
    return close ? closeOf(close) : null
  }

  leave(): void {
    clearInterval(this.drip)
    this.socket?.terminate()
  }

  private get subscriptions(): number {
    return Buffer.concat(this.chunks).toString("latin1").split('"op":"subscribed"').length - 1
  }

  private read(count: number): void {
    if (!this.socket) return
    const bytes = new Uint8Array(count)
    const got = Number(libc.recv(descriptorOf(this.socket), ptr(bytes), count, doNotWait))
    if (got <= 0) return
    this.chunks.push(Buffer.from(bytes.subarray(0, got)))
    this.dripped += got
  }
}

/** Bun's sockets carry their descriptor, though its types do not say so. */
function descriptorOf(socket: Socket): number {
  return (socket as { fd?: number }).fd ?? -1
}
