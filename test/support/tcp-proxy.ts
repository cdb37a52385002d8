// A wire that can be cut: passes bytes between clients and a server, both ways, one way, or not at all. What is sent
// while it is cut waits, as on a network that loses packets for a while; connections stay.
import { connect, createServer, type Server, type Socket } from "node:net"

/** Which way nothing passes. */
export type Cut = "nothing" | "to server" | "to client" | "both"

export class TcpProxy implements AsyncDisposable {
  readonly port: number
  private readonly server: Server
  private readonly pairs = new Set<{ client: Socket; server: Socket }>()
  private cut: Cut = "nothing"

  private constructor(server: Server) {
    this.server = server
    this.port = (server.address() as { port: number }).port
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: false })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const proxy = new TcpProxy(server)
    server.on("connection", (client) => proxy.join(client, connect(targetPort, "127.0.0.1")))
    return proxy
  }

  set(cut: Cut): void {
    this.cut = cut
    for (const pair of this.pairs) this.apply(pair)
  }

  /** Ends every connection at once, without a goodbye. */
  drop(): void {
    for (const { client, server } of this.pairs) {
      client.destroy()
      server.destroy()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.drop()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private join(client: Socket, server: Socket): void {
    const pair = { client, server }
    this.pairs.add(pair)
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on("data", (bytes) => void to.write(bytes))
      from.on("error", () => {})
      from.on("close", () => {
        to.destroy()
        this.pairs.delete(pair)
      })
    }
    this.apply(pair)
  }

  private apply({ client, server }: { client: Socket; server: Socket }): void {
    if (this.cut === "to server" || this.cut === "both") client.pause()
    else client.resume()
    if (this.cut === "to client" || this.cut === "both") server.pause()
    else server.resume()
  }
}
