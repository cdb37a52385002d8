// A proxy between a browser and the server that misbehaves as proxies do: it refuses WebSockets, swallows their frames,
// refuses or buffers streams, drops everything. One request a connection, so that every request is looked at.
import { connect, createServer, type Server, type Socket } from "node:net"

export interface BadProxyManners {
  /** `swallow`: the handshake passes, and not a byte after it. */
  websocket?: "pass" | "refuse" | "swallow"
  /** `buffer`: a stream's bytes are held until the stream is over. */
  stream?: "pass" | "refuse" | "buffer"
  /** `refuse`: no session that is polled is opened. */
  poll?: "pass" | "refuse"
}

export class BadProxy implements AsyncDisposable {
  readonly manners: BadProxyManners
  /** Nothing passes: new connections are dropped. */
  isDown = false
  private readonly sockets = new Set<Socket>()
  private readonly server: Server
  private readonly target: number

  private constructor(server: Server, target: number, manners: BadProxyManners) {
    this.server = server
    this.target = target
    this.manners = manners
    server.on("connection", (socket) => this.serve(socket))
  }

  /** Stands before the server at this port of this machine. */
  static async start(target: number, manners: BadProxyManners = {}): Promise<BadProxy> {
    const server = createServer()
    const proxy = new BadProxy(server, target, manners)
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    return proxy
  }

  get base(): string {
    const address = this.server.address()
    return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`
  }

  /** Breaks every connection, as when a cable is pulled. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()))
    this.cut()
    await closed
  }

  private serve(browser: Socket): void {
    this.keep(browser)
    if (this.isDown) return void browser.destroy()
    let head = ""
    const read = (bytes: Buffer): void => {
      head += bytes.toString("latin1")
      if (!head.includes("\r\n\r\n")) return
      browser.off("data", read)
      this.pass(browser, head)
    }
    browser.on("data", read)
  }

  private pass(browser: Socket, request: string): void {
    const { websocket = "pass", stream = "pass", poll = "pass" } = this.manners
    const isSocket = /\r\nupgrade: *websocket/i.test(request)
    const isStream = /\r\naccept: *text\/event-stream/i.test(request)
    const isPoll = /^POST \/_\/session[? ]/.test(request)
    if (
      (isSocket && websocket === "refuse") ||
      (isStream && stream === "refuse") ||
      (isPoll && poll === "refuse")
    ) {
      return void browser.end(
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\nConnection: close\r\n\r\nblocked",
      )
    }
    const upstream = connect(this.target, "127.0.0.1")
    this.keep(upstream)
    upstream.on("close", () => browser.end())
    browser.on("close", () => upstream.destroy())
    upstream.write(
      isSocket ? request : request.replace(/\r\nconnection:[^\r]*/i, "\r\nConnection: close"),
      "latin1",
    )
    if (isSocket && websocket === "swallow") return swallow(browser, upstream)
    browser.pipe(upstream, { end: false })
    if (isStream && stream === "buffer") hold(upstream, browser)
    else upstream.pipe(browser, { end: false })
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket)
    socket.on("close", () => this.sockets.delete(socket))
    socket.on("error", () => socket.destroy())
  }
}

/** The answer to the handshake passes, and nothing else in either direction. */
function swallow(browser: Socket, upstream: Socket): void {
  browser.resume()
  upstream.once("data", (bytes: Buffer) => {
    const end = bytes.indexOf("\r\n\r\n") + 4
    browser.write(bytes.subarray(0, end))
    upstream.resume()
  })
}

function hold(upstream: Socket, browser: Socket): void {
  const held: Buffer[] = []
  upstream.on("data", (bytes: Buffer) => void held.push(bytes))
  upstream.on("end", () => void browser.end(Buffer.concat(held)))
}
