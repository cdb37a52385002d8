// A poll of a SockJS session: held until there is a frame, which is its whole answer.
import type { Receiver } from "./receiver.ts"

export class PollReceiver implements Receiver {
  readonly isPoll = true
  readonly behindBytes = 0
  /** The frame, or nothing when it ended without one. */
  readonly answer: Promise<string>
  private readonly resolve: (frame: string) => void

  /** What names it, where it came by another node. */
  readonly name: string | undefined

  constructor(name?: string) {
    this.name = name
    const { promise, resolve } = Promise.withResolvers<string>()
    this.answer = promise
    this.resolve = resolve
  }

  write(frame: string): boolean {
    this.resolve(frame)
    return false
  }

  end(): void {
    this.resolve("")
  }
}
