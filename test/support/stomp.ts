// Speaks STOMP as a test wants it: any frame, right or wrong over a WebSocket. Every frame that comes is queued.
import type { Socket } from "bun"
import { type Dial, dialWebSocket } from "./dial.ts"
import { Inbox } from "./inbox.ts"

export interface StompFrame {
  readonly command: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

type HeaderInput = Readonly<Record<string, string | number>>

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const escapes: Record<string, string> = { "\\": "\\\\", "\n": "\\n", ":": "\\c", "\r": "\\r" }
const meant: Record<string, string> = { "\\": "\\", n: "\n", c: ":", r: "\r" }
const escaped = (text: string): string => text.replace(/[\\\n:\r]/g, (found) => escapes[found] as string)
const unescaped = (text: string): string =>
  text.replace(/\\(.)/g, (_, letter: string) => meant[letter] as string)

/** A frame as its bytes, its headers escaped as in 1.2 but for CONNECT. */
function stompFrame(command: string, headers: HeaderInput = {}, body: string | Uint8Array = ""): Uint8Array {
  const spelled = command === "CONNECT" || command === "STOMP" ? (text: string) => text : escaped
  const lines = Object.entries(headers).map(([name, value]) => `${spelled(name)}:${spelled(String(value))}\n`)
  const head = encoder.encode(`${command}\n${lines.join("")}\n`)
  const bytes = typeof body === "string" ? encoder.encode(body) : body
  return Buffer.concat([head, bytes, Uint8Array.of(0)])
}

export const bodyText = ({ body }: StompFrame): string => decoder.decode(body)

/** Takes whole frames from the front of what came; the answer is what is left. `beats`: line ends between them. */
export function takeFrames(
  bytes: Uint8Array,
  took: (frame: StompFrame) => void,
  beat: () => void,
): Uint8Array {
  for (;;) {
    while (bytes[0] === 10) {
      beat()
      bytes = bytes.subarray(1)
    }
    const headEnd = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf("\n\n")
    if (headEnd < 0) return bytes
    const [command = "", ...lines] = decoder.decode(bytes.subarray(0, headEnd)).split("\n")
    const spelled = command === "CONNECTED" ? (text: string) => text : unescaped
    const headers: Record<string, string> = {}
    for (const line of lines) {
      const colon = line.indexOf(":")
      headers[spelled(line.slice(0, colon))] ??= spelled(line.slice(colon + 1))
    }
    const start = headEnd + 2
    const said = headers["content-length"]
    const length = said === undefined ? bytes.indexOf(0, start) - start : Number(said)
    if (length < 0 || bytes.length <= start + length) return bytes
    if (bytes[start + length] !== 0) throw new Error(`no NUL behind ${command}`)
    took({ command, headers, body: bytes.slice(start, start + length) })
    bytes = bytes.subarray(start + length + 1)
  }
}

/** How it ended: the number and the reason of a WebSocket's close. */
interface StompEnd {
  readonly code: number | null
  readonly reason: string
}

abstract class StompClient implements AsyncDisposable {
  readonly frames: Inbox<StompFrame>
  /** Line ends that came between frames. */
  beats = 0
  readonly ended = Promise.withResolvers<StompEnd>()
  private left: Uint8Array = new Uint8Array(0)

  constructor(label: string) {
    this.frames = new Inbox(label)
  }

  abstract sendRaw(bytes: string | Uint8Array): void
  abstract close(): void

  send(command: string, headers?: HeaderInput, body?: string | Uint8Array): void {
    this.sendRaw(stompFrame(command, headers, body))
  }

  /** The next frame, which must be this. */
  async frame(command: string): Promise<StompFrame> {
    const frame = await this.frames.next()
    if (frame.command === command) return frame
    throw new Error(
      `expected ${command}, heard ${frame.command} ${JSON.stringify(frame.headers)} ${bodyText(frame)}`,
    )
  }

  async connect(headers: HeaderInput = {}): Promise<StompFrame> {
    this.send("CONNECT", { "accept-version": "1.2", host: "laba", ...headers })
    return this.frame("CONNECTED")
  }

  /** Subscribes, and answers the headers of the receipt: it listens from then on. */
  async subscribe(destination: string, headers: HeaderInput = {}): Promise<StompFrame["headers"]> {
    this.send("SUBSCRIBE", { id: "0", destination, receipt: "subscribed", ...headers })
    return (await this.frame("RECEIPT")).headers
  }

  /** The code of the ERROR that comes next. */
  async errorCode(): Promise<string | undefined> {
    return (await this.frame("ERROR")).headers["code"]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  protected take(bytes: Uint8Array): void {
    this.left = takeFrames(
      Buffer.concat([this.left, bytes]),
      (frame) => this.frames.push(frame),
      () => this.beats++,
    )
  }

  protected finish(end: StompEnd): void {
    this.frames.fail(`ended with ${end.code} ${end.reason}`)
    this.ended.resolve(end)
  }
}

class StompOverWebSocket extends StompClient {
  readonly socket: WebSocket

  constructor(url: string, socket: WebSocket) {
    super(`STOMP ${url}`)
    this.socket = socket
    socket.binaryType = "arraybuffer"
    socket.onmessage = ({ data }) =>
      this.take(typeof data === "string" ? encoder.encode(data) : new Uint8Array(data as ArrayBuffer))
    socket.onclose = ({ code, reason }) => this.finish({ code, reason })
  }

  sendRaw(bytes: string | Uint8Array): void {
    this.socket.send(bytes as string)
  }

  close(): void {
    this.socket.close()
  }
}

export interface StompSocketOptions {
  readonly path?: string
  readonly protocols?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly dial?: Dial
}

/** A WebSocket at a server, not connected in STOMP yet. */
export async function openStompSocket(
  base: string,
  {
    path = "/_/stomp",
    protocols = ["v12.stomp"],
    headers = {},
    dial = dialWebSocket,
  }: StompSocketOptions = {},
): Promise<StompClient & { readonly socket: WebSocket }> {
  const url = base.replace(/^http/, "ws") + path
  const socket = dial(url, { protocols, headers })
  const client = new StompOverWebSocket(url, socket)
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve()
    socket.onerror = () => reject(new Error(`${url} was refused`))
  })
  return client
}

class StompOverTcp extends StompClient {
  socket: Socket | null = null

  sendRaw(bytes: string | Uint8Array): void {
    this.socket?.write(bytes)
    this.socket?.flush()
  }

  close(): void {
    this.socket?.terminate()
  }

  static async open(options: { hostname: string; port: number; tls?: object }): Promise<StompOverTcp> {
    const client = new StompOverTcp(`STOMP over TCP at ${options.port}`)
    const shaken = Promise.withResolvers<void>()
    client.socket = await Bun.connect({
      ...options,
      socket: {
        // What is written before is lost.
        handshake: () => shaken.resolve(),
        data: (_socket: Socket, bytes: Uint8Array) => client.take(bytes),
        end: () => client.finish({ code: null, reason: "" }),
        close: () => client.finish({ code: null, reason: "" }),
        error: () => client.finish({ code: null, reason: "" }),
      },
    } as never)
    if (options.tls) await Promise.race([shaken.promise, client.ended.promise])
    return client
  }
}

/** A TCP connection at a port, not connected in STOMP yet. */
export const openStompTcp = (port: number, tls?: object): Promise<StompClient & { socket: Socket | null }> =>
  StompOverTcp.open({ hostname: "127.0.0.1", port, ...(tls && { tls }) })

/** Connected in STOMP 1.2 over a WebSocket. */
export async function connectStomp(base: string, headers: HeaderInput = {}): Promise<StompClient> {
  const client = await openStompSocket(base)
  await client.connect(headers)
  return client
}
