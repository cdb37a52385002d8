// What may wait for the acknowledgements of one connection, all its subscriptions together, and who waits for them. Those subscriptions are
// replayed in turn, apart from the others, which wait for nothing but the reader.

export class UnacknowledgedBudget {
  private bytes = 0
  private readonly bytesMax: () => number
  /** TransportContext by all who wait. */
  private change: PromiseWithResolvers<void> | null = null

  constructor(bytesMax: () => number) {
    this.bytesMax = bytesMax
  }

  get isFull(): boolean {
    return this.bytes > this.bytesMax()
  }

  take(bytes: number): void {
    this.bytes += bytes
  }

  giveBack(bytes: number): void {
    const wasFull = this.isFull
    this.bytes -= bytes
    if (wasFull && !this.isFull) this.changed()
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
}
