// Remembers which messages of event sources were published, so that each is published once, however often its source gives
// it. A mark moves in the same step as the publish and is as durable as the message. Knows marks alone, not what they are kept in.
//
// One partition of a source is read by one node at a time, in order. What an earlier reader still has under way can move no
// mark past a message that was not published: each says which position it follows.
import { AgedMap } from "../bounds/aged-map.ts"
import { SourceGap, type SourceMark } from "./source-mark.ts"

/** Takes a mark back that was moved for what was not written after all. */
export type TakeBack = () => void

export class SourceMarks {
  private readonly positions = new Map<string, string>()
  private readonly ids = new Map<string, AgedMap<string, number>>()

  /** Whether it was published before. Throws `SourceGap`. */
  knows(mark: SourceMark, now: number): boolean {
    if ("id" in mark) return (this.ids.get(mark.partition)?.get(mark.id) ?? 0) > now
    const reached = this.positions.get(mark.partition)
    if (reached !== undefined && reached >= mark.position) return true
    if (mark.previous !== null && (reached === undefined || reached < mark.previous))
      throw new SourceGap(mark)
    return false
  }

  /** It is published. Answers how to take that back, until the next of its partition. */
  move(mark: SourceMark, now: number): TakeBack {
    if ("id" in mark) {
      this.remember(mark.partition, mark.id, now + mark.window.milliseconds, mark.window.count, now)
      return () => this.ids.get(mark.partition)?.delete(mark.id)
    }
    const { partition, position } = mark
    const before = this.positions.get(partition)
    this.positions.set(partition, position)
    return () => {
      if (before === undefined) this.positions.delete(partition)
      else this.positions.set(partition, before)
    }
  }

  /** Everything with a position in partitions whose names begin so is as if it had never been published. */
  forget(prefix: string): void {
    for (const partition of this.positions.keys())
      if (partition.startsWith(prefix)) this.positions.delete(partition)
  }

  private remember(partition: string, id: string, expiresAt: number, countMax: number, now: number): void {
    let known = this.ids.get(partition)
    if (!known) this.ids.set(partition, (known = new AgedMap()))
    known.set(id, expiresAt)
    for (let oldest = known.oldest; oldest; oldest = known.oldest) {
      if (known.size <= countMax && oldest.value > now) return
      known.delete(oldest.key)
    }
  }
}
