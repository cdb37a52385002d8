// A door by HTTP for a server that is published to in STOMP alone: each POST becomes a SEND that asks for a receipt, and is answered when the receipt has
// come. It runs in the generator, so it costs the server that is measured nothing but the SEND.

/** In which all of them must be connected in STOMP. */
const connectSecondsMax = 15

/** Connections that it publishes by. */
const connectionsMax = 16

export interface StompDoor {
  readonly port: number
  close(): void
}

interface DoorOptions {
  /** Where a WebSocket speaks STOMP. */
  readonly url: string
  readonly connect: string
  readonly destinationOf: (path: string) => string
}

/** One connection, and who waits for which receipt. */
class Sender {
  private readonly socket: WebSocket
  private readonly waiting = new Map<string, () => void>()
  private receipts = 0
  readonly connected = Promise.withResolvers<void>()

  constructor({ url, connect }: DoorOptions) {
    this.socket = new WebSocket(url, ["v12.stomp"])
    this.socket.onopen = () => this.socket.send(connect)
    this.socket.onerror = () => this.connected.reject(new Error(`${url} cannot be published to`))
    this.socket.onmessage = ({ data }) => this.take(String(data))
  }

  send(destination: string, body: string): Promise<void> {
    const receipt = String(++this.receipts)
    this.socket.send(
      `SEND\ndestination:${destination}\ncontent-type:text/plain\nreceipt:${receipt}\n\n${body}\0`,
    )
    return new Promise((resolve) => this.waiting.set(receipt, resolve))
  }

  close(): void {
    this.socket.close()
  }

  private take(text: string): void {
    if (text.startsWith("CONNECTED")) return this.connected.resolve()
    for (const [, receipt = ""] of text.matchAll(/receipt-id:(\d+)/g)) {
      this.waiting.get(receipt)?.()
      this.waiting.delete(receipt)
    }
  }
}

export async function openStompDoor(options: DoorOptions): Promise<StompDoor> {
  const senders = Array.from({ length: connectionsMax }, () => new Sender(options))
  const late = Promise.withResolvers<never>()
  const tooLate = (): void =>
    late.reject(new Error(`${options.url} has not answered CONNECT within ${connectSecondsMax} s`))
  const deadline = setTimeout(tooLate, connectSecondsMax * 1000)
  try {
    await Promise.race([Promise.all(senders.map(({ connected }) => connected.promise)), late.promise])
  } catch (error) {
    for (const sender of senders) sender.close()
    throw error
  } finally {
    clearTimeout(deadline)
  }
  let next = 0
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    reusePort: false,
    async fetch(request) {
      const sender = senders[next++ % senders.length] as Sender
      await sender.send(options.destinationOf(new URL(request.url).pathname), await request.text())
      return new Response(null, { status: 201 })
    },
  })
  return {
    port: server.port as number,
    close() {
      void server.stop(true)
      for (const sender of senders) sender.close()
    },
  }
}
