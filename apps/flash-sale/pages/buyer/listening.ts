// Hears a buyer's results and how the sale stands, over the transport that was chosen or the best that the network lets
// through. Knows what a record is for nobody: it hands on what it hears.
import { connect, type Laba, type State, type TransportName } from "laba/client"
import { resultChannel, saleChannel } from "../../model/record.ts"
import type { Reply, Wish } from "../../model/wire/conversation.ts"
import type { SaleSnapshot as Standing } from "../../model/wire/api.ts"

/** What a buyer can choose; `auto` is the best one that works. */
export type Choice = "auto" | TransportName

const all: readonly TransportName[] = ["websocket", "sse", "poll"]

interface ListeningOptions {
  readonly laba: string
  readonly sale: string
  /** Null listens to the sale alone. */
  readonly user: string | null
  readonly token: () => Promise<string | null>
  readonly heardRecord: (record: unknown) => void
  readonly heardStanding: (standing: Standing) => void
  /** It is open again, or messages may be missing: what is shown must be asked for anew. */
  readonly doubt: () => void
  readonly stateChanged: () => void
}

/** A reply that takes longer has been lost on the way; the same is then asked by HTTP. */
const replyMsMax = 4000

export class Listening {
  private readonly options: ListeningOptions
  private readonly waiting = new Map<string, (reply: Reply) => void>()
  private laba: Laba
  private asked = 0

  constructor(options: ListeningOptions, choice: Choice) {
    this.options = options
    this.laba = this.open(choice)
  }

  get state(): State {
    return this.laba.state
  }

  /** While open. */
  get transport(): TransportName | null {
    return this.laba.transport
  }

  /** Goes over to another transport. The one that is chosen is tried first, and then the others. */
  choose(choice: Choice): void {
    this.laba.close()
    this.laba = this.open(choice)
    this.options.stateChanged()
  }

  close(): void {
    this.laba.close()
  }

  /** Says something over the socket; null where there is none, or no answer comes in time. */
  async say(wish: Wish): Promise<Reply | null> {
    const { user, sale } = this.options
    if (this.laba.transport !== "websocket" || user === null) return null
    const ref = `${Date.now()}-${++this.asked}`
    const { promise, resolve } = Promise.withResolvers<Reply | null>()
    this.waiting.set(ref, resolve)
    const clock = setTimeout(() => resolve(null), replyMsMax)
    this.laba.publish(resultChannel(user, sale), { do: wish, ref }).catch(() => resolve(null))
    const reply = await promise
    clearTimeout(clock)
    this.waiting.delete(ref)
    return reply
  }

  private open(choice: Choice): Laba {
    const { options } = this
    const laba = connect(options.laba, {
      token: options.token,
      // A visitor who stares at a countdown comes back sooner than the client's default.
      backoff: { minMs: 300, maxMs: 8000 },
      ...(choice !== "auto" && {
        transports: [choice, ...all.filter((name) => name !== choice)],
        // What won before must not be tried before what is wanted now.
        storage: null,
        // Nor left again for a better one.
        upgradeMs: 86_400_000,
      }),
    })
    laba.on("state", () => {
      if (laba === this.laba) options.stateChanged()
    })
    laba.on("direct", ({ data }) => this.heardReply(data))
    const standing = laba.channel(saleChannel(options.sale))
    standing.on("message", ({ data }) => options.heardStanding(data as Standing))
    standing.on("reset", () => options.doubt())
    if (options.user !== null) {
      const results = laba.channel(resultChannel(options.user, options.sale))
      results.on("message", ({ data }) => options.heardRecord(data))
      results.on("reset", () => options.doubt())
      // Subscribed, and only now: what happens from here on is heard, what was before is asked for.
      results.on("state", ({ state }) => {
        if (state === "open") options.doubt()
      })
    }
    return laba
  }

  private heardReply(data: unknown): void {
    const reply = replyIn(data)
    if (reply?.ref !== undefined) this.waiting.get(String(reply.ref))?.(reply)
  }
}

function replyIn(data: unknown): Reply | null {
  if (typeof data === "object" && data !== null) return data as Reply
  try {
    return JSON.parse(String(data)) as Reply
  } catch {
    return null
  }
}
