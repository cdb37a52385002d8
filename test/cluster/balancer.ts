// A load balancer as simple as they come: each new connection goes to the next node that is ready, and is piped. It asks
// `/_/ready` often, as balancers do.
import { connect, createServer, type Server, type Socket } from "node:net"

const askEveryMs = 50

export class Balancer implements AsyncDisposable {
  /** When each connection came, in monotonic milliseconds. */
  readonly connectedAtMs: number[] = []
  private readonly server: Server
  private readonly sockets = new Set<Socket>()
  private readonly asking: ReturnType<typeof setInterval>
  private nodes: string[] = []
  private ready: string[] = []
  private turn = 0

  private constructor() {
    this.server = createServer((client) => this.accept(client))
    this.asking = setInterval(() => void this.ask(), askEveryMs)
  }

  static async start(nodes: readonly string[]): Promise<Balancer> {
    const balancer = new Balancer()
    await balancer.use(nodes)
    await new Promise<void>((resolve) => balancer.server.listen(0, "127.0.0.1", resolve))
    return balancer
  }

  get base(): string {
    return `http://127.0.0.1:${(this.server.address() as { port: number }).port}`
  }

  /** The addresses of the nodes that there are from now on. */
  async use(nodes: readonly string[]): Promise<void> {
    this.nodes = [...nodes]
    await this.ask()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.asking)
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private async ask(): Promise<void> {
    const { nodes } = this
    const answers = await Promise.all(
      nodes.map((base) =>
        fetch(`${base}/_/ready`, { signal: AbortSignal.timeout(2000) }).then(
          ({ ok }) => ok,
          () => false,
        ),
      ),
    )
    if (nodes === this.nodes) this.ready = nodes.filter((_, index) => answers[index])
  }

  private accept(client: Socket): void {
    this.connectedAtMs.push(performance.now())
    const node = this.ready[this.turn++ % Math.max(1, this.ready.length)]
    if (node === undefined) return void client.destroy()
    const server = connect(Number(new URL(node).port), "127.0.0.1")
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(from)
      from.pipe(to)
      from.on("error", () => to.destroy())
      from.on("close", () => {
        this.sockets.delete(from)
        to.destroy()
      })
    }
  }
}
