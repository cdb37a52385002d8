// How far everything is done, when several messages are under way at once: the place moves on only past what is done
// without a gap, so that a restart never skips one.

interface Step {
  readonly cursor: string
  isDone: boolean
}

export class Progress {
  private readonly steps: Step[] = []

  /** A message was taken, in the channel's order. Call the answer when it is done: it gives the new place, or null when that has not moved. */
  take(cursor: string): () => string | null {
    const step: Step = { cursor, isDone: false }
    this.steps.push(step)
    return () => {
      step.isDone = true
      let place: string | null = null
      while (this.steps[0]?.isDone) place = (this.steps.shift() as Step).cursor
      return place
    }
  }

  /** Messages after the place: those under way, and those done that wait for one before them. */
  get open(): number {
    return this.steps.length
  }
}
