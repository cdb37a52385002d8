// A message that a node sends to itself through its engine every second, by the road that all messages take. While it is
// not heard, neither is anything else: the node is deaf, and nobody should be sent there.
import type { Channel } from "../../channels/channel.ts"
import type { Engine } from "../../engines/engine.ts"
import type { Hub } from "../../hub/hub.ts"
import type { PreparedMessage } from "../../hub/prepared-message.ts"
import { ListGroup } from "../../transports/list-group.ts"
import type { GroupKind, Listener, ListenerState } from "../../transports/transport.ts"

const intervalMs = 1000

/** Three that were not heard, and a moment for the one under way. */
const deafAfterMs = 3500

/** Where a run of a node hears itself: under `/_/`, so that no request can spell it, and no list has it. */
export const canaryChannel = (run: string): Channel => `/_/canary/${run}` as Channel

class CanaryGroup extends ListGroup<Canary> {
  write(messages: readonly PreparedMessage[]): void {
    for (const canary of this.snapshot()) canary.write(messages)
  }
}

const kind: GroupKind = {
  name: "canary",
  writeMicros: 1,
  messageMicros: 1,
  joins: true,
  make: () => new CanaryGroup() as ListGroup<Listener>,
}

interface CanaryOptions {
  /** The node's own: nobody else listens there. */
  readonly channel: Channel
  readonly hub: Pick<Hub, "join" | "leave">
  readonly engine: Pick<Engine, "publish">
  /** The node does not hear its engine any more, or hears it again. */
  readonly onChange: (isDeaf: boolean) => void
  /** Monotonic milliseconds. */
  readonly now?: () => number
  /** With it only `beat` moves anything. */
  readonly manual?: boolean
}

export class Canary implements Listener {
  readonly kind = kind
  hubState: ListenerState | null = null
  groupIndex = -1
  closed = false
  private readonly options: CanaryOptions
  private readonly now: () => number
  private readonly timer: ReturnType<typeof setInterval> | null
  private joined = false
  private heardAtMs: number
  private wasDeaf = false
  private count = 0
  private sending = false

  constructor(options: CanaryOptions) {
    this.options = options
    this.now = options.now ?? (() => performance.now())
    // A node that begins has not missed anything yet.
    this.heardAtMs = this.now()
    this.timer = options.manual ? null : setInterval(() => this.beat(), intervalMs)
    this.beat()
  }

  /** Whether it is among those whom the hub counts. */
  get isListening(): boolean {
    return this.hubState?.phase === "live"
  }

  get isDeaf(): boolean {
    return this.now() - this.heardAtMs > deafAfterMs
  }

  /** Sends one, and tells what has changed. The canary does so by itself. */
  beat(): void {
    const { channel, hub } = this.options
    if (this.isDeaf !== this.wasDeaf) {
      this.wasDeaf = !this.wasDeaf
      this.options.onChange(this.wasDeaf)
    }
    if (!this.joined) {
      this.joined = true
      hub.join(this, channel, null)
    }
    void this.send()
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer)
    this.closed = true
    this.options.hub.leave(this)
  }

  get outbox(): this {
    return this
  }

  start(): void {}

  write(_entries: readonly PreparedMessage[]): void {
    this.heardAtMs = this.now()
  }

  ready(): null {
    return null
  }

  reset(): void {}

  /** The engine failed; the next beat tries again. */
  end(): void {
    this.options.hub.leave(this)
    this.joined = false
  }

  private async send(): Promise<void> {
    if (this.sending) return
    this.sending = true
    const { engine, channel } = this.options
    const data = String(++this.count)
    const draft = { channel, type: "text/plain", data, bytes: data.length, id: data }
    try {
      await engine.publish(draft, null)
    } catch {
      // What cannot be sent is not heard either, and that is noticed.
    } finally {
      this.sending = false
    }
  }
}
