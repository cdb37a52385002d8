// Sockets that each send a message, wait for the answer, and send the next one. Counts answers and how long each took.

interface ExchangeFigures {
  readonly answers: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Times kept: beyond it the figures are of the first ones. */
const timesMax = 1_000_000

export class Exchange {
  private readonly sockets: WebSocket[]
  private readonly message: string
  private times: number[] = []
  private answers = 0
  private running = true

  private constructor(sockets: WebSocket[], messageBytes: number) {
    this.sockets = sockets
    this.message = "x".repeat(messageBytes)
  }

  static async open(url: string, count: number, messageBytes: number): Promise<Exchange> {
    const sockets: WebSocket[] = []
    for (let i = 0; i < count; i += 64) {
      const some = Array.from({ length: Math.min(64, count - i) }, () => new WebSocket(url))
      await Promise.all(some.map(opened))
      sockets.push(...some)
    }
    return new Exchange(sockets, messageBytes)
  }

  start(): void {
    for (const socket of this.sockets) this.converse(socket)
  }

  reset(): void {
    this.answers = 0
    this.times = []
  }

  figures(): ExchangeFigures {
    const sorted = this.times.toSorted((a, b) => a - b)
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN
    return { answers: this.answers, p50Ms: at(0.5), p99Ms: at(0.99) }
  }

  async close(): Promise<void> {
    this.running = false
    await Promise.all(
      this.sockets.map((socket) => {
        const closed = new Promise((resolve) => (socket.onclose = resolve))
        socket.close()
        return closed
      }),
    )
  }

  private converse(socket: WebSocket): void {
    let sentMs = 0
    const send = (): void => {
      sentMs = performance.now()
      socket.send(this.message)
    }
    socket.onmessage = () => {
      this.answers++
      if (this.times.length < timesMax) this.times.push(performance.now() - sentMs)
      if (this.running) send()
    }
    socket.onclose = () => {
      if (this.running) throw new Error("a socket was closed while it was measured")
    }
    send()
  }
}

const opened = (socket: WebSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.onopen = () => resolve()
    socket.onerror = () => reject(new Error("a socket was not let in"))
  })
