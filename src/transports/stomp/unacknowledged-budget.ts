// What waits for acknowledgements: of one connection, all its subscriptions together, and of a node. Those subscriptions are replayed in turn,
// apart from the others, which wait for nothing but the reader.
import type { Limits } from "../../../wire/limits.ts"
import { type BudgetOwner, SharedBudget } from "../../bounds/shared-budget.ts"

type NodeLimits = Pick<Limits, "unacknowledgedPerNodeMax" | "unacknowledgedBytesPerNodeMax">

/** Of all connections of a node. */
export class NodeUnacknowledged {
  /** Sent and not acknowledged, or waiting to be sent. */
  readonly messages: SharedBudget
  /** Of those that wait to be sent. */
  readonly bytes: SharedBudget

  constructor(limits: NodeLimits) {
    this.messages = new SharedBudget(() => limits.unacknowledgedPerNodeMax)
    this.bytes = new SharedBudget(() => limits.unacknowledgedBytesPerNodeMax)
  }
}

interface UnacknowledgedBudgetOptions {
  readonly node: NodeUnacknowledged
  /** Of those that wait to be sent. */
  readonly bytesMax: () => number
  /** Whose part of the node's it is. Asked once. */
  readonly owner: () => BudgetOwner
}

export class UnacknowledgedBudget {
  private bytes = 0
  private readonly options: UnacknowledgedBudgetOptions
  private knownOwner: BudgetOwner | undefined
  /** Shared by all who wait. */
  private change: PromiseWithResolvers<void> | null = null

  constructor(options: UnacknowledgedBudgetOptions) {
    this.options = options
  }

  /** Whether one more may be sent to who has some already. */
  get hasRoomToSend(): boolean {
    return this.options.node.messages.hasRoomFor(this.owner, 1)
  }

  /** Whether a message of so many bytes may wait. */
  hasRoomToWait(bytes: number): boolean {
    const { node, bytesMax } = this.options
    return this.bytes + bytes <= bytesMax() && node.bytes.hasRoomFor(this.owner, bytes) && this.hasRoomToSend
  }

  /** So many messages more or, below zero, fewer are there, of which so many bytes wait to be sent. */
  add(messages: number, waitingBytes: number): void {
    const { node } = this.options
    this.bytes += waitingBytes
    node.messages.take(this.owner, messages)
    node.bytes.take(this.owner, waitingBytes)
  }

  /** Some subscription may have room again. */
  changed(): void {
    const { change } = this
    this.change = null
    change?.resolve()
  }

  whenChanged(): Promise<void> {
    this.change ??= Promise.withResolvers()
    return this.change.promise
  }

  private get owner(): BudgetOwner {
    if (this.knownOwner === undefined) this.knownOwner = this.options.owner()
    return this.knownOwner
  }
}
