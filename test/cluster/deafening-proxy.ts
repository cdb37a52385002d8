// A wire between a node and its Redis on which the node can be made deaf: of what Redis sends on connections that subscribe, only
// the pulse comes through, by which a node sees that the connection is well. Commands are answered as ever.
import { connect, createServer, type Server, type Socket } from "node:net"

/** A message of the pulse, and what answers a SUBSCRIBE, in RESP2 and RESP3. */
const passing =
  /[*>]3\r\n\$7\r\nmessage\r\n\$\d+\r\n[^\r]*:pulse:[^\r]*\r\n\$\d+\r\n\d+\r\n|[*>]3\r\n\$9\r\nsubscribe\r\n\$\d+\r\n[^\r]*\r\n:\d+\r\n/g

export class DeafeningProxy implements AsyncDisposable {
  readonly port: number
  private readonly server: Server
  private readonly hearing = new Set<Socket>()
  private readonly all = new Set<Socket>()
  private isDeaf = false

  private constructor(server: Server) {
    this.server = server
    this.port = (server.address() as { port: number }).port
  }

  static async start(targetPort: number): Promise<DeafeningProxy> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const proxy = new DeafeningProxy(server)
    server.on("connection", (client) => proxy.join(client, connect(targetPort, "127.0.0.1")))
    return proxy
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  deafen(): void {
    this.isDeaf = true
  }

  /** What was swallowed is lost, so that connections on which something was begin anew. */
  undo(): void {
    this.isDeaf = false
    for (const socket of this.hearing) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.all) socket.destroy()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private join(client: Socket, server: Socket): void {
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.all.add(from)
      from.on("error", () => {})
      from.on("close", () => {
        to.destroy()
        this.all.delete(from)
        this.hearing.delete(from)
      })
    }
    client.on("data", (bytes) => {
      if (/subscribe\r\n/i.test(bytes.toString("latin1"))) this.hearing.add(client)
      server.write(bytes)
    })
    server.on("data", (bytes) => {
      if (!this.isDeaf || !this.hearing.has(client)) return void client.write(bytes)
      const heard = bytes.toString("latin1").match(passing)
      if (heard) client.write(heard.join(""), "latin1")
    })
  }
}
