// A channel whose presence is asked for here: receives what the other nodes announce of it, and reads a node's snapshot anew
// when something was missed.
import type { Channel } from "../../channels/channel.ts"
import type { PresenceReceiver } from "../presence/presence-exchange.ts"
import type { PresenceStore, PresenceAnnouncement } from "./presence-store.ts"

/** What is known of one node's snapshot. */
interface KnownNode {
  /** The last announcement that is in it; null: it was not read yet. */
  number: number | null
  /** While it is read: the newest announcement that came meanwhile. */
  reading: boolean
  newest: number
}

interface ObservedChannelOptions {
  readonly channel: Channel
  readonly store: PresenceStore
  readonly receiver: PresenceReceiver
  /** The other nodes that are alive. */
  readonly others: () => readonly string[]
  /** This node, which receives its own announcements too. */
  readonly self: string
}

export class ObservedChannel {
  private readonly options: ObservedChannelOptions
  private readonly known = new Map<string, KnownNode>()
  /** Nodes whose snapshot could not be read when it had to be. */
  private readonly unread = new Set<string>()
  private first: PromiseWithResolvers<void> | null = null

  constructor(options: ObservedChannelOptions) {
    this.options = options
  }

  /** Resolves when all snapshots are known. Throws `engine_unavailable`. */
  begin(): Promise<void> {
    const { store, channel } = this.options
    this.first = Promise.withResolvers()
    store.subscribe(channel, {
      received: (announcement) => this.received(announcement),
      subscribed: () => void this.readAll(),
    })
    return this.first.promise
  }

  /** A node came: perhaps it has announced something already. */
  nodeJoined(node: string): void {
    void this.read(node).catch(() => undefined)
  }

  /** Redis takes commands again, perhaps: what could not be read is read. */
  mend(): void {
    for (const node of this.unread) void this.read(node).catch(() => undefined)
  }

  /** Looks whether all that the others have announced came. What should never be missed is looked for too. */
  async review(): Promise<void> {
    const { store, channel, others } = this.options
    await Promise.all(
      others().map(async (node) => {
        const number = await store.numberOf(channel, node)
        // One that is on its way is read twice, and changes nothing the second time.
        if (number !== (this.known.get(node)?.number ?? null)) await this.read(node)
      }),
    )
  }

  nodeLeft(node: string): void {
    this.known.delete(node)
    this.unread.delete(node)
    this.options.receiver.drop(node)
  }

  end(error: unknown): void {
    this.options.store.unsubscribe(this.options.channel)
    this.first?.reject(error)
    this.first = null
  }

  private isThere(node: string): boolean {
    return this.options.others().includes(node)
  }

  private async readAll(): Promise<void> {
    const { first } = this
    try {
      await Promise.all(this.options.others().map((node) => this.read(node)))
      first?.resolve()
    } catch (error) {
      // Later ones are tried again: the connection for subscriptions may be there before the one for commands.
      first?.reject(error)
    }
    this.first = null
  }

  private received(announcement: PresenceAnnouncement): void {
    const { node, before, number, whole } = announcement
    const { self, receiver } = this.options
    // What a node has said that has left since may come late.
    if (node === self || !this.isThere(node)) return
    const known = this.known.get(node)
    if (known?.reading) {
      known.newest = Math.max(known.newest, number)
      return
    }
    if (whole) {
      this.known.set(node, { number, reading: false, newest: number })
      return receiver.replace(node, { members: announcement.joined, guests: announcement.guests })
    }
    if (!known || known.number !== before) {
      if (known && known.number !== null && number <= known.number) return
      return void this.read(node).catch(() => undefined)
    }
    known.number = number
    receiver.change(node, announcement)
  }

  private async read(node: string): Promise<void> {
    const { store, channel, receiver } = this.options
    // A snapshot outlives its node in Redis: whoever has left since this was asked for would never leave again.
    if (!this.isThere(node)) return
    const known = this.known.get(node) ?? { number: null, reading: false, newest: -1 }
    if (known.reading) return
    this.known.set(node, known)
    this.unread.delete(node)
    known.reading = true
    try {
      for (;;) {
        known.newest = -1
        const snapshot = await store.read(channel, node)
        if (this.known.get(node) !== known) return
        if (snapshot.number === null) {
          if (known.newest >= 0) continue
          // Nobody is there, or Redis has lost who is and the node announces it again in a moment: they leave after their grace.
          // Whatever the node announces next, its snapshot is read anew.
          this.known.delete(node)
          return receiver.drop(node)
        }
        known.number = snapshot.number
        receiver.replace(node, snapshot)
        // What came while it was read may be in it or not; its number tells.
        if (known.newest <= snapshot.number) return
      }
    } catch (error) {
      if (this.known.get(node) === known) {
        this.known.delete(node)
        this.unread.add(node)
      }
      throw error
    } finally {
      known.reading = false
    }
  }
}
