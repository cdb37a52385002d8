// Sends alarms to whoever is to be told: each in order, again when it fails, until it is given up. One who cannot be
// reached keeps nobody else waiting.
import type { Alarm, WatchClock } from "./silence.ts"

/** Somebody who is told. Make one for each, and keep it: what waits for it waits under it. */
export interface Recipient {
  /** For the log: `webhook https://…`, never with a secret. */
  readonly name: string
  /** Rejects when it did not get through. */
  tell(alarm: Alarm): Promise<void>
}

/** After a first failure; doubled after each. */
const waitMsMin = 1_000
const waitMsMax = 60_000

/** So often it is tried: for about ten minutes. Who cannot be told in that time has to be told by somebody who watches this. */
const triesMax = 15

/** Alarms that wait for one recipient. Each is some 300 bytes; a crowd of channels that falls silent at once fits. */
const waitingMax = 10_000

interface AlarmSenderOptions {
  readonly clock: Pick<WatchClock, "after">
  readonly random?: () => number
  /** It did not get through now, and is tried again unless it `isGivenUp`. */
  readonly onFailure: (recipient: Recipient, error: unknown, isGivenUp: boolean) => void
}

export class AlarmSender {
  private readonly options: AlarmSenderOptions
  /** The last thing each is being told, and how many there are. */
  private readonly queues = new Map<Recipient, { last: Promise<void>; waiting: number }>()
  private readonly waits = new Set<() => void>()
  private isStopped = false

  constructor(options: AlarmSenderOptions) {
    this.options = options
  }

  /** Resolves when all were told, or were given up. */
  async sendAll(recipients: readonly Recipient[], alarm: Alarm): Promise<void> {
    await Promise.all(recipients.map((recipient) => this.sendInTurn(recipient, alarm)))
  }

  /** Tells nobody any more. */
  stop(): void {
    this.isStopped = true
    for (const end of this.waits) end()
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
      await this.wait(Math.min(waitMsMax, waitMsMin * 2 ** (tries - 1)))
    }
  }

  private wait(ms: number): Promise<void> {
    const { clock, random = Math.random } = this.options
    return new Promise((resolve) => {
      const end = (): void => {
        this.waits.delete(end)
        cancel()
        resolve()
      }
      // Between a half and the whole: recipients that failed together do not come back together.
      const cancel = clock.after(ms * (0.5 + random() / 2), end)
      this.waits.add(end)
    })
  }
}
