// A poll that waits: answered once, by a message, by the end of its time, or by the node going away. Knows no channels.
import type { Code } from "../../../wire/codes.ts"
import { LabaError } from "../../../wire/error.ts"
import type { AddressUsage } from "../../access/limits/reservation.ts"
import type { Limits } from "../../../wire/limits.ts"
import { type ListPage, PagedMap } from "../../paging/paged-map.ts"
import type { Connection } from "../connections/connections.ts"
import type { TransportContext } from "../transport-context.ts"
import type { Timed } from "../timer-wheel.ts"
import { pollResponse } from "./poll-answer.ts"

/** Who waits, as far as they are counted. */
interface HeldPollOwner {
  /** What is counted of their address; null for this machine's own. */
  readonly addressUsage: AddressUsage | null
  /** Counted here; undefined for nobody known, and for who is counted as a connection already. */
  readonly user: string | undefined
  /** Who it is, as one looks at connections. */
  readonly connection: Connection
}

/** Counts the polls that wait on a node, and whose they are; sends them all back at once when it goes away. */
export class HeldPolls {
  private readonly held = new PagedMap<HeldPoll, HeldPoll>()
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

  add(poll: HeldPoll): void {
    this.held.set(poll, poll)
    const { addressUsage, user } = poll.owner
    if (addressUsage) addressUsage.connections++
    if (user !== undefined) this.byUser.set(user, this.countOfUser(user) + 1)
  }

  remove(poll: HeldPoll): void {
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

export interface HeldPollOptions {
  readonly context: TransportContext
  readonly heldPolls: HeldPolls
  readonly owner: HeldPollOwner
  readonly waitSeconds: number
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal
}

export abstract class HeldPoll implements Timed {
  closed = false
  wheelSlot = -1
  wheelIndex = -1
  dueTick = -1
  readonly owner: HeldPollOwner
  protected readonly context: TransportContext
  private readonly heldPolls: HeldPolls
  /** Made with it: what it waits for may come while it is being made. */
  private readonly outcome = Promise.withResolvers<Response>()

  constructor(options: HeldPollOptions) {
    this.context = options.context
    this.owner = options.owner
    this.heldPolls = options.heldPolls
    this.heldPolls.add(this)
    this.context.wheel.add(this, options.waitSeconds * 1000)
    options.signal.addEventListener("abort", () => this.giveUp(), { once: true })
  }

  /** Leaves the hub. */
  protected abstract left(): void
  /** The answer when nothing came. Null: the engine has not said yet where it stands, so there is no cursor to go on from. */
  protected abstract emptyAnswer(): string | null

  answered(): Promise<Response> {
    return this.outcome.promise
  }

  answer(body: string): void {
    if (this.close()) this.outcome.resolve(pollResponse(body))
  }

  fail(code: Code, detail: string): void {
    if (this.close()) this.outcome.reject(new LabaError(code, detail))
  }

  onDue(): void {
    if (this.closed) return
    const answer = this.emptyAnswer()
    if (answer !== null) this.answer(answer)
    else this.fail("engine_unavailable", "The engine did not say in time where the channel stands.")
  }

  /** The client is gone; the answer reaches nobody, but Bun waits for one. */
  private giveUp(): void {
    if (this.close()) this.outcome.resolve(new Response(null, { status: 204 }))
  }

  private close(): boolean {
    if (this.closed) return false
    this.closed = true
    this.context.wheel.remove(this)
    this.heldPolls.remove(this)
    this.left()
    return true
  }
}
