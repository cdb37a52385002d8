// Who is subscribed right now: added and taken away while everything runs. One that comes back is told what it missed.
import { type Outlet, post } from "../channels/post.ts"
import { roster } from "../channels/names.ts"
import { subscribe, type Subscriber, type Telling } from "./subscriber.ts"

export type SubscriberName = "mail" | "sms"

/** A subscriber as the page shows it. */
export interface SubscriberState {
  readonly name: SubscriberName
  readonly isListening: boolean
  /** Payments it has told. */
  readonly told: number
  /** Why the last one could not be told; null when it could. */
  readonly trouble: string | null
}

interface Entry {
  readonly tell: Telling
  subscriber: Subscriber | null
  place: string | null
  told: number
  trouble: string | null
}

export class Roster {
  private readonly outlet: Outlet
  private readonly entries: ReadonlyMap<SubscriberName, Entry>
  private readonly log: (line: string) => void
  private turn: Promise<unknown> = Promise.resolve()
  private version = 0

  constructor(
    outlet: Outlet,
    tellings: Readonly<Record<SubscriberName, Telling>>,
    log: (line: string) => void,
  ) {
    this.outlet = outlet
    this.log = log
    const names = Object.keys(tellings) as SubscriberName[]
    this.entries = new Map(
      names.map((name) => [
        name,
        { tell: tellings[name], subscriber: null, place: null, told: 0, trouble: null },
      ]),
    )
  }

  get states(): readonly SubscriberState[] {
    return [...this.entries].map(([name, { subscriber, told, trouble }]) => ({
      name,
      isListening: subscriber !== null,
      told,
      trouble,
    }))
  }

  /** Resolves once it listens. Harmless when it does already. */
  add(name: SubscriberName): Promise<void> {
    return this.inTurn(name, async (entry) => {
      if (entry.subscriber) return
      const subscriber = subscribe({
        labaUrl: this.outlet.labaUrl,
        after: entry.place,
        tell: entry.tell,
        events: {
          told: () => {
            entry.told++
            entry.trouble = null
            this.changed()
          },
          failed: (reason, isGivenUp) => {
            entry.trouble = reason
            this.log(`${name}: ${reason}${isGivenUp ? " Given up." : ""}`)
            this.changed()
          },
        },
      })
      entry.subscriber = subscriber
      await subscriber.ready()
    })
  }

  /** Harmless when it is away already. */
  remove(name: SubscriberName): Promise<void> {
    return this.inTurn(name, async (entry) => {
      const { subscriber } = entry
      if (!subscriber) return
      entry.subscriber = null
      entry.place = await subscriber.stop()
    })
  }

  async close(): Promise<void> {
    for (const name of this.entries.keys()) await this.remove(name)
  }

  /** One change at a time: two presses at once must not make two subscribers. */
  private inTurn(name: SubscriberName, work: (entry: Entry) => Promise<void>): Promise<void> {
    const done = this.turn.then(async () => {
      await work(this.entries.get(name) as Entry)
      this.changed()
    })
    this.turn = done.catch(() => {})
    return done
  }

  private changed(): void {
    const once = `roster-${process.pid}-${++this.version}`
    post(this.outlet, roster, this.states, { once }).catch((error: unknown) => this.log(`roster: ${error}`))
  }
}
