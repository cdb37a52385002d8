// Buyers who listen for their result by WebSocket while the crowd clicks: how long after its decision does each hear?
import { Latency } from "../load/latency.ts"
import type { Crowd } from "./crowd.ts"

interface AudienceOptions {
  readonly crowd: Crowd
  readonly labaUrl: string
  readonly sale: string
  readonly listeners: number
  /** Users in the run: listeners are spread over them. */
  readonly users: number
}

/** Handshakes at the same time. Below the 512 that Bun keeps waiting for `accept`. */
const handshakesMax = 64

export class Audience {
  readonly latency = new Latency()
  private readonly heardBy = new Set<number>()
  private readonly sockets: WebSocket[] = []
  private readonly options: AudienceOptions

  private constructor(options: AudienceOptions) {
    this.options = options
  }

  static async open(options: AudienceOptions): Promise<Audience> {
    const audience = new Audience(options)
    const { listeners, users } = options
    for (let at = 0; at < listeners;) {
      const opening: Promise<void>[] = []
      for (; at < listeners && opening.length < handshakesMax; at++)
        opening.push(audience.join(Math.floor((at * users) / listeners)))
      await Promise.all(opening)
    }
    return audience
  }

  /** How many have heard their first decision. */
  get heard(): number {
    return this.heardBy.size
  }

  close(): void {
    for (const socket of this.sockets) socket.close()
  }

  private async join(user: number): Promise<void> {
    const { crowd, labaUrl, sale } = this.options
    const channel = `${labaUrl.replace("http", "ws")}/@${crowd.user(user)}/sales/${sale}`
    const socket = new WebSocket(`${channel}?token=${crowd.listenToken(user)}`)
    this.sockets.push(socket)
    socket.onmessage = ({ data }) => {
      const record = JSON.parse(data as string) as { state: string; at: number }
      if (record.state === "queued" || this.heardBy.has(user)) return
      this.heardBy.add(user)
      // From the moment of its transaction, so writing and syncing are in it. Both run on this machine's clock.
      this.latency.add(Math.max(0, Date.now() - record.at))
    }
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve()
      socket.onerror = () => reject(new Error("Laba did not let a listener in."))
    })
  }
}
