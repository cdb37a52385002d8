// A poll that waits: answered once, by a message, by the end of its time, or by the node going away. Knows no channels.
import type { Code } from "../../../wire/codes.ts"
import { LabaError } from "../../../wire/error.ts"
import type { TransportContext } from "../transport-context.ts"
import type { Timed } from "../timer-wheel.ts"
import { pollResponse } from "./poll-answer.ts"
import type { HeldPolls, HeldPollOwner } from "./held-polls.ts"

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
