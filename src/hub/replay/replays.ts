// Whose replay goes on next: those of one connection take turns, a page each, and wait together for their reader. One at
// a time, since all of them together would fill an outbox many times over before its first byte is read. Knows outboxes by
// identity alone; what a page is, knows catch-up.ts.
import type { Position } from "../../../wire/cursor.ts"
import type { Listener } from "../../transports/transport.ts"
import type { Audience, UngroupedListener } from "../audience/audience.ts"
import { isCurrent } from "../audience/listener-state.ts"

/** Replays of one connection that are looked through for those that are over, when another one comes. */
const lookThroughFrom = 64

interface ReplaysOptions {
  /** Gives a page. `behind`: its audience stands elsewhere than what was read. */
  readonly givePage: (replay: UngroupedListener) => Promise<"given" | "behind">
  /** Resolves when the audience has made up for that, or cannot now. */
  readonly fetchGap: (replay: UngroupedListener) => Promise<void>
  /** What `givePage` threw ended the replay. */
  readonly failed: (replay: UngroupedListener) => void
}

/** The replays of one connection, while it has any. */
interface Queue {
  replays: UngroupedListener[]
  /** Another one came that need not wait for the reader. */
  wake: () => void
}

export class Replays {
  private readonly queues = new Map<object, Queue>()
  private readonly options: ReplaysOptions

  constructor(options: ReplaysOptions) {
    this.options = options
  }

  /** Replays that wait for their turn or their reader. */
  get waiting(): number {
    let count = 0
    for (const { replays } of this.queues.values()) count += replays.length
    return count
  }

  /** Reads history for a listener that is behind. */
  begin(audience: Audience, listener: Listener, after: Position): void {
    if (audience.move(listener, "behind", after)) this.add(listener.hubState as UngroupedListener)
  }

  add(replay: UngroupedListener): void {
    const { outbox } = replay.listener
    const queue = this.queues.get(outbox)
    if (!queue) {
      const begun = { replays: [replay], wake: () => undefined }
      this.queues.set(outbox, begun)
      void this.run(outbox, begun)
      return
    }
    // A client that does not read may subscribe over and over again.
    if (queue.replays.length >= lookThroughFrom) queue.replays = queue.replays.filter(isCurrent)
    queue.replays.push(replay)
    if (replay.listener.ready() === null) queue.wake()
  }

  private async run(outbox: object, queue: Queue): Promise<void> {
    for (;;) {
      queue.replays = queue.replays.filter(isCurrent)
      const { replays } = queue
      const [first] = replays
      if (!first) break
      const next = replays.findIndex(({ listener }) => listener.ready() === null)
      if (next >= 0) await this.turn(replays.splice(next, 1)[0] as UngroupedListener, queue)
      else await Promise.race([first.listener.ready(), woken(queue)])
    }
    this.queues.delete(outbox)
  }

  private async turn(replay: UngroupedListener, queue: Queue): Promise<void> {
    try {
      const outcome = await this.options.givePage(replay)
      if (!isCurrent(replay)) return
      if (outcome === "given") queue.replays.push(replay)
      else void this.addAfterGap(replay)
    } catch {
      this.options.failed(replay)
    }
  }

  private async addAfterGap(replay: UngroupedListener): Promise<void> {
    await this.options.fetchGap(replay)
    if (isCurrent(replay)) this.add(replay)
  }
}

const woken = (queue: Queue): Promise<void> =>
  new Promise((resolve) => {
    queue.wake = resolve
  })
