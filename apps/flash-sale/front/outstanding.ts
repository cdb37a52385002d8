// Clicks that have crossed and are not answered yet. Whatever becomes of a message between two threads, nobody waits for
// ever: a click that waits for long crosses again, which harms nothing, since the same key gets the same answer.
import type { Reply } from "../http/answers.ts"
import type { Click } from "./crossing.ts"

/** Longer than any answer takes, but in a shop that is far behind. */
const againAfterMs = 2000

interface Waiting {
  readonly click: Click
  readonly answer: (reply: Reply) => void
  /** When it crossed last, in milliseconds of any clock. */
  sentAt: number
}

export class Outstanding {
  /** By when they crossed, the longest ago first. */
  private readonly waiting = new Map<number, Waiting>()

  /** Resolves with the reply. */
  add(click: Click, nowMs: number): Promise<Reply> {
    return new Promise((answer) => this.waiting.set(click.id, { click, answer, sentAt: nowMs }))
  }

  /** A second reply to the same click is nothing new. */
  answer(id: number, reply: Reply): void {
    const waiting = this.waiting.get(id)
    if (!waiting) return
    this.waiting.delete(id)
    waiting.answer(reply)
  }

  /** Clicks that have waited for long. They are to cross again now. */
  overdue(nowMs: number): Click[] {
    const clicks: Click[] = []
    for (const waiting of this.waiting.values()) {
      if (nowMs - waiting.sentAt < againAfterMs) break
      clicks.push(waiting.click)
    }
    for (const { id } of clicks) this.sent(id, nowMs)
    return clicks
  }

  private sent(id: number, nowMs: number): void {
    const waiting = this.waiting.get(id) as Waiting
    this.waiting.delete(id)
    waiting.sentAt = nowMs
    this.waiting.set(id, waiting)
  }
}
