// Sends alarms to whoever is to be told: each in order, again when it fails, until it is given up. One who cannot be
// reached keeps nobody else waiting.
import type { Clock } from "../bounds/clock.ts"
import { type Backoff, halfToWholeMs } from "../../wire/backoff.ts"
import { StoppableWaits } from "../bounds/stoppable-waits.ts"
import type { Alarm } from "./silence.ts"

/** Somebody who is told. Make one for each, and keep it: what waits for it waits under it. */
export interface Recipient {
  /** For the log: `webhook https://…`, never with a secret. */
  readonly name: string
  /** Rejects when it did not get through. */
  tell(alarm: Alarm): Promise<void>
}

/** After a first failure; doubled after each. Recipients that failed together do not come back together. */
const backoff: Backoff = { minMs: 1_000, maxMs: 60_000 }

/** So often it is tried: for about ten minutes. Who cannot be told in that time has to be told by somebody who watches this. */
const triesMax = 15

/** Alarms that wait for one recipient. Each is some 300 bytes; a crowd of channels that falls silent at once fits. */
const waitingMax = 10_000

interface AlarmSenderOptions {
  readonly clock: Pick<Clock, "after">
  readonly random?: () => number
  /** It did not get through now, and is tried again unless it `isGivenUp`. */
  readonly onFailure: (recipient: Recipient, error: unknown, isGivenUp: boolean) => void
}

export class AlarmSender {
  private readonly options: AlarmSenderOptions
  /** The last thing each is being told, and how many there are. */
  private readonly queues = new Map<Recipient, { last: Promise<void>; waiting: number }>()
  private readonly waits: StoppableWaits
  private isStopped = false

  constructor(options: AlarmSenderOptions) {
    this.options = options
    this.waits = new StoppableWaits(options.clock)
  }

  /** Resolves when all were told, or were given up. */
  async sendAll(recipients: readonly Recipient[], alarm: Alarm): Promise<void> {
    await Promise.all(recipients.map((recipient) => this.sendInTurn(recipient, alarm)))
  }

  /** Tells nobody any more. */
  stop(): void {
    this.isStopped = true
    this.waits.endAll()
  }

  private async sendInTurn(recipient: Recipient, alarm: Alarm): Promise<void> {
    const queue = this.queues.get(recipient) ?? { last: Promise.resolve(), waiting: 0 }
    if (queue.waiting >= waitingMax) {
      const full = new Error(`${waitingMax} alarms wait already`)
      return this.options.onFailure(recipient, full, true)
    }
    this.queues.set(recipient, queue)
    queue.waiting++
    queue.last = queue.last.then(() => this.sendUntilTaken(recipient, alarm))
    await queue.last
    queue.waiting--
    if (queue.waiting === 0) this.queues.delete(recipient)
  }

  private async sendUntilTaken(recipient: Recipient, alarm: Alarm): Promise<void> {
    for (let tries = 1; !this.isStopped; tries++) {
      try {
        return await recipient.tell(alarm)
      } catch (error) {
        const isGivenUp = tries >= triesMax
        this.options.onFailure(recipient, error, isGivenUp)
        if (isGivenUp) return
      }
      await this.waits.wait(halfToWholeMs(backoff, tries, this.options.random ?? Math.random))
    }
  }
}
