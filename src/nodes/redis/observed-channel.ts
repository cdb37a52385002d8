// A channel whose presence is asked for here: hears what the other nodes say of it, and reads a node's part anew when
// something of it was missed.
import type { Channel } from "../../channels/channel.ts"
import type { PresenceEar } from "../presence/exchange.ts"
import type { PresenceParts, Said } from "./presence-parts.ts"

/** What is known of one node's part. */
interface Known {
  /** The last announcement that is in it; null: it was not read yet. */
  number: number | null
  /** While it is read: the newest announcement that was heard meanwhile. */
  reading: boolean
  newest: number
}

interface ObservedOptions {
  readonly channel: Channel
  readonly parts: PresenceParts
  readonly ear: PresenceEar
  /** The other nodes that are alive. */
  readonly others: () => readonly string[]
  /** This node, which hears itself too. */
  readonly self: string
}

export class ObservedChannel {
  private readonly options: ObservedOptions
  private readonly known = new Map<string, Known>()
  /** Nodes whose part could not be read when it had to be. */
  private readonly unread = new Set<string>()
  private first: { resolve(): void; reject(error: unknown): void } | null = null

  constructor(options: ObservedOptions) {
    this.options = options
  }

  /** Resolves when all parts are known. Throws `engine_unavailable`. */
  begin(): Promise<void> {
    const { parts, channel } = this.options
    return new Promise((resolve, reject) => {
      this.first = { resolve, reject }
      parts.hear(channel, { heard: (said) => this.heard(said), joined: () => void this.readAll() })
    })
  }

  /** A node came: perhaps it has something to say already. */
  came(node: string): void {
    void this.read(node).catch(() => undefined)
  }

  /** Redis takes commands again, perhaps: what could not be read is read. */
  mend(): void {
    for (const node of this.unread) void this.read(node).catch(() => undefined)
  }

  /** Looks whether all that the others have said was heard. What should never be missed is looked for too. */
  async review(): Promise<void> {
    const { parts, channel, others } = this.options
    await Promise.all(
      others().map(async (node) => {
        const number = await parts.numberOf(channel, node)
        // One that is on its way is read twice, and changes nothing the second time.
        if (number !== (this.known.get(node)?.number ?? null)) await this.read(node)
      }),
    )
  }

  gone(node: string): void {
    this.known.delete(node)
    this.unread.delete(node)
    this.options.ear.drop(node)
  }

  end(error: unknown): void {
    this.options.parts.unhear(this.options.channel)
    this.first?.reject(error)
    this.first = null
  }

  private async readAll(): Promise<void> {
    const { first } = this
    try {
      await Promise.all(this.options.others().map((node) => this.read(node)))
      first?.resolve()
    } catch (error) {
      // Later ones are tried again: the connection to hear with may be there before the one for commands.
      first?.reject(error)
    }
    this.first = null
  }

  private heard(said: Said): void {
    const { node, before, number, whole } = said
    const { self, ear } = this.options
    if (node === self) return
    const known = this.known.get(node)
    if (known?.reading) {
      known.newest = Math.max(known.newest, number)
      return
    }
    if (whole) {
      this.known.set(node, { number, reading: false, newest: number })
      return ear.replace(node, { members: said.joined, guests: said.guests })
    }
    if (!known || known.number !== before) {
      if (known && known.number !== null && number <= known.number) return
      return void this.read(node).catch(() => undefined)
    }
    known.number = number
    ear.change(node, said)
  }

  private async read(node: string): Promise<void> {
    const { parts, channel, ear } = this.options
    const known = this.known.get(node) ?? { number: null, reading: false, newest: -1 }
    if (known.reading) return
    this.known.set(node, known)
    this.unread.delete(node)
    known.reading = true
    try {
      for (;;) {
        known.newest = -1
        const part = await parts.read(channel, node)
        if (this.known.get(node) !== known) return
        if (part.number === null) {
          if (known.newest >= 0) continue
          // Nobody is there, or Redis has lost who is and the node says it again in a moment: they leave after their grace.
          // Whatever the node says next, its part is read anew.
          this.known.delete(node)
          return ear.drop(node)
        }
        known.number = part.number
        ear.replace(node, part)
        // What was heard while it was read may be in it or not; its number tells.
        if (known.newest <= part.number) return
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
