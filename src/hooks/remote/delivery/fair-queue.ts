// Whoever waits, served in turn by who sent them: a crowd of one sender waits behind itself and holds up nobody else.

/** A user, or the address of who is none. */
export type Sender = string

/** Users and addresses are told apart, since an issuer may call a user as it likes. */
export const senderOf = (user: string | undefined, addressGroup: string | null): Sender =>
  user === undefined ? (addressGroup ?? "") : `@${user}`

export class FairQueue<T> {
  size = 0
  private readonly max: number
  /** The first in it is the next to be served. Sets: those that give up leave from the middle. */
  private readonly bySender = new Map<Sender, Set<T>>()

  constructor(max: number) {
    this.max = max
  }

  /** One sender may have as many as are still free, so that the next one always finds room. */
  hasRoomFor(sender: Sender): boolean {
    return (this.bySender.get(sender)?.size ?? 0) < this.max - this.size
  }

  add(sender: Sender, one: T): void {
    const own = this.bySender.get(sender)
    if (own) own.add(one)
    else this.bySender.set(sender, new Set([one]))
    this.size++
  }

  delete(sender: Sender, one: T): void {
    const own = this.bySender.get(sender)
    if (!own?.delete(one)) return
    this.size--
    if (own.size === 0) this.bySender.delete(sender)
  }

  /** Takes the oldest of the sender whose turn it is; their next turn comes after everybody else's. */
  shift(): T | undefined {
    for (const [sender, own] of this.bySender) {
      this.bySender.delete(sender)
      for (const one of own) {
        own.delete(one)
        this.size--
        if (own.size > 0) this.bySender.set(sender, own)
        return one
      }
    }
    return undefined
  }

  /** Takes all, in no order that means anything. */
  drain(): T[] {
    const all = [...this.bySender.values()].flatMap((own) => [...own])
    this.bySender.clear()
    this.size = 0
    return all
  }
}
