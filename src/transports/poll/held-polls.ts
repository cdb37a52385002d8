// The polls that wait on a node, and whose they are. All are sent back at once when it goes away.
import { LabaError } from "../../../wire/error.ts"
import type { Limits } from "../../../wire/limits.ts"
import type { AddressUsage } from "../../access/limits/reservation.ts"
import { type ListPage, PagedMap } from "../../paging/paged-map.ts"
import type { Connection } from "../connections/connection.ts"

/** Who waits, as far as they are counted. */
export interface HeldPollOwner {
  /** What is counted of their address; null for this machine's own. */
  readonly addressUsage: AddressUsage | null
  /** Counted here; undefined for nobody known, and for who is counted as a connection already. */
  readonly user: string | undefined
  /** Who it is, as one looks at connections. */
  readonly connection: Connection
}

/** One that waits. */
interface WaitingPoll {
  readonly owner: HeldPollOwner
  /** It is answered with what there is. */
  onDue(): void
}

/** Counts the polls that wait on a node, and whose they are; sends them all back at once when it goes away. */
export class HeldPolls {
  private readonly held = new PagedMap<WaitingPoll, WaitingPoll>()
  private readonly byUser = new Map<string, number>()
  private readonly limits: Pick<Limits, "pollsWaitingMax">

  constructor(limits: Pick<Limits, "pollsWaitingMax">) {
    this.limits = limits
  }

  get size(): number {
    return this.held.size
  }

  countOfUser(user: string): number {
    return this.byUser.get(user) ?? 0
  }

  /** Throws `too_many_polls`. */
  admit(): void {
    const { pollsWaitingMax } = this.limits
    if (this.held.size < pollsWaitingMax) return
    throw new LabaError(
      "too_many_polls",
      `This node holds at most ${pollsWaitingMax} polls; poll without \`wait\`, or come back.`,
      { retryAfterSeconds: 5, limit: "pollsWaitingMax" },
    )
  }

  add(poll: WaitingPoll): void {
    this.held.set(poll, poll)
    const { addressUsage, user } = poll.owner
    if (addressUsage) addressUsage.connections++
    if (user !== undefined) this.byUser.set(user, this.countOfUser(user) + 1)
  }

  remove(poll: WaitingPoll): void {
    if (!this.held.delete(poll)) return
    const { addressUsage, user } = poll.owner
    if (addressUsage) addressUsage.connections--
    if (user === undefined) return
    const left = this.countOfUser(user) - 1
    if (left > 0) this.byUser.set(user, left)
    else this.byUser.delete(user)
  }

  answerAll(): void {
    for (const poll of [...this.held.values()]) poll.onDue()
  }

  /** Those who wait, a page of them. */
  page(from: number, limit: number): ListPage<Connection> {
    const { items, next } = this.held.page(from, limit)
    return { items: items.map(({ owner }) => owner.connection), next }
  }

  /** Those who wait for a user and are counted here, a page of all who wait. */
  ofUser(user: string, from: number, limit: number): ListPage<Connection> {
    const { items, next } = this.held.page(from, limit)
    return { items: items.flatMap(({ owner }) => (owner.user === user ? [owner.connection] : [])), next }
  }
}
