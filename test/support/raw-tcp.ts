// HTTP by hand over TCP: what a well-behaved client cannot do. Sends any bytes in any pieces, stops reading on demand,
// and reads answers without a library's kindness.
import type { Socket } from "bun"
import { deadlineMs } from "./inbox.ts"

export interface RawAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

export class RawConnection implements AsyncDisposable {
  private socket: Socket | null = null
  private chunks: Uint8Array[] = []
  private arrived = 0
  private wake: () => void = () => {}
  /** True once the other side closed or reset. */
  ended = false

  static async open(base: string): Promise<RawConnection> {
    const { hostname, port } = new URL(base)
    const connection = new RawConnection()
    connection.socket = await Bun.connect({
      hostname,
      port: Number(port),
      socket: {
        data: (_socket, bytes) => connection.take(bytes),
        end: () => connection.finish(),
        close: () => connection.finish(),
        error: () => connection.finish(),
      },
    })
    return connection
  }

  /** Bytes received so far. */
  get received(): number {
    return this.arrived
  }

  send(data: string | Uint8Array): void {
    this.open.write(data)
    this.open.flush()
  }

  /** A request with exactly these headers. */
  request(line: string, headers: readonly string[], body = ""): void {
    this.send(`${line} HTTP/1.1\r\n${headers.map((header) => `${header}\r\n`).join("")}\r\n${body}`)
  }

  /** Stops reading: the kernel's buffers fill, then the server's. */
  stall(): void {
    this.open.pause()
  }

  resume(): void {
    this.open.resume()
  }

  /** Sends nothing more, and goes on listening. */
  halfClose(): void {
    this.open.shutdown()
  }

  /** Everything received so far. */
  get bytes(): Uint8Array {
    // Joined once and kept so, or reading a long answer would copy it again with every chunk.
    if (this.chunks.length > 1) this.chunks = [Buffer.concat(this.chunks)]
    return this.chunks[0] ?? new Uint8Array(0)
  }

  /** About the last `count` bytes as latin1 text, for looking at a long answer while it grows. */
  tail(count: number): string {
    let from = this.chunks.length
    for (let bytes = 0; from > 0 && bytes < count; from--) bytes += this.chunks[from - 1]?.length ?? 0
    return Buffer.concat(this.chunks.slice(from)).toString("latin1").slice(-count)
  }

  /** Everything received so far, as latin1 text. */
  get text(): string {
    return Buffer.from(this.bytes).toString("latin1")
  }

  /** Waits until `done` answers something other than null; null at the end of the connection. */
  async until<T>(done: () => T | null): Promise<T | null> {
    const giveUpAt = Date.now() + deadlineMs
    for (;;) {
      const answer = done()
      if (answer !== null) return answer
      if (this.ended) return null
      const left = giveUpAt - Date.now()
      if (left <= 0)
        throw new Error(`nothing more came; received so far: ${JSON.stringify(this.text.slice(-500))}`)
      await new Promise<void>((resolve) => {
        const clock = setTimeout(resolve, left)
        this.wake = () => (clearTimeout(clock), resolve())
      })
    }
  }

  /** The first whole answer on this connection. Null when the server closed without one. */
  answer(): Promise<RawAnswer | null> {
    return this.until(() => parseAnswer(this.text, this.ended))
  }

  /** Resolves when the other side closed. */
  async closed(): Promise<void> {
    await this.until(() => null)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket?.terminate()
  }

  private get open(): Socket {
    if (!this.socket) throw new Error("not open")
    return this.socket
  }

  private take(bytes: Uint8Array): void {
    this.chunks.push(bytes.slice())
    this.arrived += bytes.length
    this.wake()
  }

  private finish(): void {
    this.ended = true
    this.wake()
  }
}

interface RawRequest {
  /** Method and target: `GET /channel/hello`. */
  readonly line: string
  /** Sent as they are. `Host` comes first unless one of them is a `Host`. */
  readonly headers?: readonly string[]
  readonly body?: string
}

/** One request on a connection of its own. Null when the server closed without an answer. */
export async function askRaw(
  base: string,
  { line, headers = [], body = "" }: RawRequest,
): Promise<RawAnswer | null> {
  await using connection = await RawConnection.open(base)
  const hasHost = headers.some((header) => /^host:/i.test(header))
  connection.request(line, hasHost ? headers : [`Host: ${new URL(base).host}`, ...headers], body)
  return await connection.answer()
}

function parseAnswer(text: string, ended: boolean): RawAnswer | null {
  const headEnd = text.indexOf("\r\n\r\n")
  if (headEnd < 0) return null
  const [statusLine = "", ...lines] = text.slice(0, headEnd).split("\r\n")
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(":")
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
  }
  const status = Number(statusLine.split(" ")[1])
  const rest = text.slice(headEnd + 4)
  const length = headers.get("content-length")
  if (length !== undefined)
    return rest.length < Number(length) ? null : { status, headers, body: rest.slice(0, Number(length)) }
  if (headers.get("transfer-encoding") === "chunked") {
    return rest.endsWith("0\r\n\r\n") || ended ? { status, headers, body: unchunk(rest) } : null
  }
  return status === 101 || status === 204 || status === 304 || ended ? { status, headers, body: rest } : null
}

/** The body of a chunked answer, or what there is of it yet. */
export function unchunk(text: string): string {
  let body = ""
  for (let at = 0; at < text.length;) {
    const lineEnd = text.indexOf("\r\n", at)
    if (lineEnd < 0) break
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    body += text.slice(lineEnd + 2, lineEnd + 2 + size)
    at = lineEnd + 2 + size + 2
  }
  return body
}
