// Holds publishers to a rate: so many messages a second, evenly, and none made up for when the server was late.
import type { Publishing } from "./publishing.ts"

export class Pace {
  private granted = 0
  private timer: ReturnType<typeof setInterval> | undefined
  private readonly perSecond: number

  constructor(perSecond: number) {
    this.perSecond = perSecond
  }

  /** For `mayPublish`: takes one grant, if there is one. */
  readonly mayPublish = (): boolean => {
    if (this.granted < 1) return false
    this.granted--
    return true
  }

  start(publishing: Publishing): void {
    let last = performance.now()
    this.timer = setInterval(() => {
      const now = performance.now()
      this.granted = Math.min(
        this.granted + ((now - last) / 1000) * this.perSecond,
        Math.max(1, this.perSecond / 10),
      )
      last = now
      publishing.wake()
    }, 1)
  }

  stop(): void {
    clearInterval(this.timer)
  }
}
