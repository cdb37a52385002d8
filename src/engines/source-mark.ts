// What an engine is told of a message that comes from an event source, so that it is published once. A part of the contract of
// engines; what is made of it is theirs.

/** Which message of an event source a draft is. */
export type SourceMark = SourcePlace | SourceId

/** Of a source whose messages have positions. */
interface SourcePlace {
  /** The ordered part of a source; unique among all sources of the engine. */
  readonly partition: string
  /** Its place there, as text that sorts as places do: everything up to it is published once it is. */
  readonly position: string
  /** What was handed to the same part of the engine before it and not refused; null when that is not known. */
  readonly previous: string | null
}

/** Of a source without positions: known again by its id, for a while. */
interface SourceId {
  readonly partition: string
  readonly id: string
  /** Ids that are remembered, and for how long: whichever ends first. */
  readonly window: SourceWindow
}

interface SourceWindow {
  readonly count: number
  readonly milliseconds: number
}

/** A message that comes before this one in its source was not published: nothing was, and it is to be handed over again. */
export class SourceGap extends Error {
  constructor({ partition, position, previous }: SourcePlace) {
    super(`${partition}: ${position} follows ${previous}, which is not published`)
    this.name = "SourceGap"
  }
}
