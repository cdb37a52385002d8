// Who is subscribed right now: added and taken away while everything runs. One that comes back is told what it missed, also
// when everything was down meanwhile.
import { join } from "node:path"
import { type FileAside, type Reacting, type ReactOptions, tryAgain } from "laba"
import { makePrivateFolder } from "../../kit/command/private-folder.ts"
import { type LabaAccess, publish } from "../../kit/laba/laba-calls.ts"
import { KeyedMutex } from "../../kit/keyed-mutex.ts"
import { subscribersChannel } from "../channels/names.ts"
import type { Payment } from "../payments/payment.ts"
import type { Store } from "../store.ts"
import { asideIn, reactionOf, subscribe, type Notify, type Trouble, tryMsMax } from "./subscriber.ts"

type SubscriberName = "mail" | "sms"

/** A payment that could not be told, and is kept. */
interface AsideState {
  readonly id: string
  readonly customer: string
  readonly reason: string
}

/** A subscriber as the page shows it. */
export interface SubscriberState {
  readonly name: SubscriberName
  readonly isListening: boolean
  /** Payments it has told. */
  readonly told: number
  /** Why the one it is at could not be told yet; null when nothing is wrong. */
  readonly trouble: Trouble | null
  /** The oldest first. */
  readonly aside: readonly AsideState[]
}

interface SubscribersOptions {
  readonly access: LabaAccess
  /** A token for a subscriber to listen with. */
  readonly listenToken: () => string
  readonly store: Store
  /** Each subscriber keeps its place in a folder of its own in this one. */
  readonly folder: string
  readonly notifiers: Readonly<Record<SubscriberName, Notify>>
  readonly log: (line: string) => void
  readonly clock?: ReactOptions["clock"] | undefined
}

interface Entry {
  readonly tell: Notify
  readonly folder: string
  readonly kept: FileAside
  aside: readonly AsideState[]
  reacting: Reacting | null
  told: number
  trouble: Trouble | null
}

/** How long a letter on its way may take when its subscriber ends; it is sent again when that comes back. */
const stopTimeoutMs = 2_000

/** How many set aside are shown. All are kept. */
const shownMax = 20

export class Subscribers {
  private readonly options: SubscribersOptions
  private readonly entries: ReadonlyMap<SubscriberName, Entry>
  private readonly mutex = new KeyedMutex()
  private version = 0

  constructor(options: SubscribersOptions) {
    this.options = options
    const { store, notifiers } = options
    const names = Object.keys(notifiers) as SubscriberName[]
    this.entries = new Map(
      names.map((name) => {
        const folder = join(options.folder, name)
        makePrivateFolder(folder)
        const told = store.subscriber(name)?.told ?? 0
        const kept = asideIn(folder)
        return [name, { tell: notifiers[name], folder, kept, aside: [], reacting: null, told, trouble: null }]
      }),
    )
  }

  get states(): readonly SubscriberState[] {
    return [...this.entries].map(([name, { reacting, told, trouble, aside }]) => ({
      name,
      isListening: reacting !== null,
      told,
      trouble,
      aside,
    }))
  }

  /** Brings back who was there when everything ended; the first time, everybody. */
  async begin(): Promise<void> {
    for (const [name, entry] of this.entries) {
      await this.readAside(entry)
      if (this.options.store.subscriber(name)?.isListening ?? true) await this.add(name)
    }
  }

  /** Resolves once it listens. Harmless when it does already. */
  add(name: SubscriberName): Promise<void> {
    return this.inTurn(name, async (entry) => {
      if (entry.reacting) return
      entry.reacting = await this.subscribe(name, entry)
      this.keep(name, entry)
      await entry.reacting.ready
    })
  }

  /** Harmless when it is away already. */
  remove(name: SubscriberName): Promise<void> {
    return this.inTurn(name, async (entry) => {
      await stop(entry)
      this.keep(name, entry)
    })
  }

  /** Tries once more what was set aside. */
  retry(name: SubscriberName): Promise<void> {
    return this.inTurn(name, async (entry) => {
      const reaction = reactionOf(entry.tell, () => this.countTold(name, entry))
      await tryAgain({ aside: entry.kept, reaction, timeoutMs: tryMsMax })
      await this.readAside(entry)
    })
  }

  /** Ends all. Who was there is there again with the next start. */
  async close(): Promise<void> {
    await this.mutex.runExclusive("all", () => Promise.all([...this.entries.values()].map(stop)))
  }

  private async subscribe(name: SubscriberName, entry: Entry): Promise<Reacting> {
    const { access, listenToken, log, clock } = this.options
    const reacting = await subscribe({
      labaUrl: access.url,
      token: listenToken,
      folder: entry.folder,
      tell: entry.tell,
      ...(clock && { clock }),
      events: {
        told: () => this.countTold(name, entry),
        failed: (trouble) => this.inTrouble(name, entry, trouble),
        setAside: (trouble) => {
          log(`${name}: ${trouble.reason} Set aside.`)
          entry.trouble = null
          void this.readAside(entry).then(() => this.changed())
        },
        missed: (reason) => this.inTrouble(name, entry, { reason, attempts: 0 }),
      },
    })
    reacting.failed.catch(async (error: Error) => {
      if (entry.reacting !== reacting) return
      await stop(entry)
      this.inTrouble(name, entry, { reason: error.message, attempts: 0 })
    })
    return reacting
  }

  private countTold(name: SubscriberName, entry: Entry): void {
    entry.told++
    entry.trouble = null
    this.keep(name, entry)
    this.changed()
  }

  private inTrouble(name: SubscriberName, entry: Entry, trouble: Trouble): void {
    entry.trouble = trouble
    this.options.log(`${name}: ${trouble.reason}`)
    this.changed()
  }

  private keep(name: SubscriberName, { reacting, told }: Entry): void {
    this.options.store.saveSubscriber(name, { isListening: reacting !== null, told })
  }

  private async readAside(entry: Entry): Promise<void> {
    const found = await entry.kept.list()
    entry.aside = found.slice(0, shownMax).map(({ entry: { message, reason } }) => {
      const { id, customer } = message.data as Payment
      return { id, customer: customer.name, reason }
    })
  }

  /** One change at a time: two presses at once must not make two subscribers. */
  private inTurn(name: SubscriberName, work: (entry: Entry) => Promise<void>): Promise<void> {
    return this.mutex.runExclusive("all", async () => {
      await work(this.entries.get(name) as Entry)
      this.changed()
    })
  }

  private changed(): void {
    const once = `subscribers-${process.pid}-${++this.version}`
    publish(this.options.access, subscribersChannel, this.states, { once }).catch((error: unknown) =>
      this.options.log(`subscribers: ${error}`),
    )
  }
}

async function stop(entry: Entry): Promise<void> {
  const { reacting } = entry
  if (!reacting) return
  entry.reacting = null
  await reacting.stop(stopTimeoutMs)
  reacting.close()
  // Not before: its last try may have failed meanwhile.
  entry.trouble = null
}
