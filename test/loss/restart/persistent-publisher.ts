// Publishes one number after the other until it is stopped, and tries each again until it was accepted: over a WebSocket
// for as long as the server keeps it, which is into the window of a restart, and by POST from then on.
import { connectByLaba, type LabaListener } from "../../support/laba-socket.ts"
import { post } from "../../support/publish.ts"

export class PersistentPublisher {
  /** Accepted so far: the numbers 1 to this. */
  accepted = 0
  /** Of these, how many over the WebSocket. */
  acceptedBySocket = 0
  /** Refusals, each with what it said about coming back. */
  readonly refusals: { code: string; comeBack: string | null }[] = []
  private running = true
  private readonly listener: LabaListener
  private readonly base: string
  private readonly channel: string
  private readonly done: Promise<void>

  private constructor(listener: LabaListener, base: string, channel: string) {
    this.listener = listener
    this.base = base
    this.channel = channel
    this.done = this.run()
  }

  static async open(base: string, channel: string): Promise<PersistentPublisher> {
    return new PersistentPublisher(await connectByLaba(`${base}/_/ws`), base, channel)
  }

  async stop(): Promise<void> {
    this.running = false
    await this.done
  }

  private async run(): Promise<void> {
    while (this.running && (await this.publishBySocket(this.accepted + 1))) {
      this.accepted++
      this.acceptedBySocket++
      await Bun.sleep(2)
    }
    while (this.running) {
      if (await this.publishByPost(this.accepted + 1)) this.accepted++
      await Bun.sleep(20)
    }
  }

  /** False once the connection has ended. */
  private async publishBySocket(number: number): Promise<boolean> {
    if (this.listener.socket.readyState !== WebSocket.OPEN) return false
    const { channel } = this
    const message = { channel, type: "text/plain", data: String(number), key: `n-${number}` }
    this.listener.send({ op: "publish", ref: number, ...message })
    for (;;) {
      const frame = await this.listener.frames.next().catch(() => null)
      if (frame === null) return false
      if (frame.op === "published") return true
      if (frame.op === "error") this.refusals.push({ code: frame.code, comeBack: frame.retry })
    }
  }

  private async publishByPost(number: number): Promise<boolean> {
    // Refused and reset connections are the client's to retry; the key, the same as on the WebSocket, makes that safe.
    const url = this.base + this.channel
    const response = await post(url, String(number), { key: `n-${number}` }).catch(() => null)
    if (response?.status === 201 || response?.status === 200) return true
    if (response)
      this.refusals.push({ code: String(response.status), comeBack: response.headers.get("retry-after") })
    return false
  }
}
