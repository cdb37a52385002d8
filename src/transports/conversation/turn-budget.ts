// What one client may have done in one turn of the loop: others come between. A packet holds thousands of frames, and the runtime reads one
// packet after the other while there are any; an array of messages may hold a hundred thousand.

/** Frames or messages handled in a turn: well under a millisecond for the cheap ones, of which most fit into a packet. */
const framesPerTurnMax = 64

/** So many bytes are looked through in the time of a frame. */
const bytesPerFrame = 8 * 1024

export class TurnBudget {
  private used = 0

  countBytes(bytes: number): void {
    this.used += bytes / bytesPerFrame
  }

  countFrame(): void {
    this.used++
  }

  /** Null while there is room in this turn, else a promise for the next one, in which there is room again. */
  room(): Promise<void> | null {
    if (this.used < framesPerTurnMax) return null
    this.used = 0
    return new Promise((resolve) => setImmediate(resolve))
  }
}
