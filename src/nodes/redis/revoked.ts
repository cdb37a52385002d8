// Revocations of a whole cluster: kept in Redis until what they are about has ended, told to every node, and read again
// after every interruption, so that none is missed and no restart forgets one.
import type { Link } from "../../engines/redis/link.ts"
import type { Revocation } from "../nodes.ts"
import { readTold } from "./told.ts"

const tag = "revoked"

/** Read in one piece; a revocation is about 100 bytes. */
const perCommand = 1000

export interface RevokedOptions {
  readonly link: Link
  /** The longest time a token lives. */
  readonly lifetimeMaxMs: number
  /** Makes one hold on this node. One that holds already changes nothing. */
  readonly take: (revocation: Revocation) => void
  /** All that hold on this node. */
  readonly held: () => Iterable<Revocation>
}

export class Revoked {
  private readonly options: RevokedOptions
  private readonly key: string
  /** What was told while nobody heard it could not be read. */
  private isUnread = false

  constructor(options: RevokedOptions) {
    const { link, take } = options
    this.options = options
    this.key = link.key(tag, "all")
    link.listen(tag, "told", {
      heard(payload) {
        const told = readTold<Revocation>(payload)
        if (told) take(told)
      },
      joined: () => void this.readMissed(),
    })
  }

  /** Keeps it and tells everybody. Throws `engine_unavailable`. */
  async add(revocation: Revocation): Promise<void> {
    const { link } = this.options
    const now = Date.now()
    await link.command(tag, "ZADD", this.key, this.endOf(revocation, now), JSON.stringify(revocation))
    await link.command(tag, "ZREMRANGEBYSCORE", this.key, "-inf", now)
    await link.announce(tag, "told", JSON.stringify(revocation))
  }

  /** Redis may have forgotten: what holds here is written again. What fails is tried at the next occasion. */
  async sayAll(): Promise<void> {
    const { link, held } = this.options
    const now = Date.now()
    let some: (string | number)[] = []
    const send = async (): Promise<void> => {
      if (some.length > 0) await link.command(tag, "ZADD", this.key, ...some)
      some = []
    }
    try {
      for (const revocation of held()) {
        some.push(this.endOf(revocation, now), JSON.stringify(revocation))
        if (some.length >= perCommand * 2) await send()
      }
      await send()
    } catch {
      // Away again; when it is back there is another occasion.
    }
  }

  /** Redis takes commands again, perhaps: what could not be read is read. */
  mend(): void {
    if (this.isUnread) void this.readMissed()
  }

  stop(): void {
    this.options.link.unlisten(tag, "told")
  }

  /** When what it is about has ended. */
  private endOf(revocation: Revocation, now: number): number {
    const { lifetimeMaxMs } = this.options
    return "token" in revocation
      ? Math.min(revocation.expiresAtSeconds * 1000, now + lifetimeMaxMs)
      : revocation.atMs + lifetimeMaxMs
  }

  private async readMissed(): Promise<void> {
    this.isUnread = false
    try {
      await this.readAll()
    } catch {
      // The connection to hear with may be there before the one for commands.
      this.isUnread = true
    }
  }

  private async readAll(): Promise<void> {
    const { link, take } = this.options
    const now = Date.now()
    for (let from = 0; ; from += perCommand) {
      const range = [now, "+inf", "LIMIT", from, perCommand]
      const reply = await link.command(tag, "ZRANGEBYSCORE", this.key, ...range)
      if (!Array.isArray(reply)) return
      for (const text of reply) take(JSON.parse(String(text)) as Revocation)
      if (reply.length < perCommand) return
    }
  }
}
