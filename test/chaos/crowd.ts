// The clients of a chaos run: listeners that come back with their cursor, and publishers that try again with their key.
import type { Position } from "../../wire/cursor.ts"
import type { Channel } from "../../src/channels/channel.ts"
import type { PreparedMessage } from "../../src/hub/prepared-message.ts"
import { ListGroup } from "../../src/transports/list-group.ts"
import type { GroupKind, Listener, ListenerState, Start } from "../../src/transports/transport.ts"
import type { Random } from "../fuzz/random.ts"
import type { ListenerRecord, Ledger } from "./ledger.ts"
import type { ChaosNode } from "./node.ts"

/** A client comes back after that long, and one more time as long each at most. */
const comeBackMs = 30

class EachGroup extends ListGroup<Listener> {
  write(entries: readonly PreparedMessage[]): void {
    for (const member of this.snapshot()) member.write(entries)
  }
}

const kind: GroupKind = {
  name: "chaos",
  writeMicros: 8,
  messageMicros: 0.45,
  joins: false,
  make: () => new EachGroup(),
}

/** One connection of a listener to a node. */
class RecordedConnection implements Listener {
  readonly kind = kind
  hubState: ListenerState | null = null
  groupIndex = -1
  closed = false
  private readonly record: ListenerRecord
  private readonly onEnd: () => void
  private readonly resumes: boolean

  constructor(record: ListenerRecord, onEnd: () => void) {
    this.record = record
    this.onEnd = onEnd
    this.resumes = record.position !== null
  }

  get outbox(): this {
    return this
  }

  start({ position }: Start): void {
    // Who resumes goes on where it was; a reset, if there is one, follows.
    if (!this.closed && !this.resumes) this.record.begin(position, "start")
  }

  write(entries: readonly PreparedMessage[]): void {
    if (this.closed) return
    for (const { message } of entries) this.record.receive(message)
  }

  ready(): null {
    return null
  }

  reset(position: Position, reason: string): void {
    if (!this.closed) this.record.begin(position, reason)
  }

  end(): void {
    if (this.closed) return
    this.closed = true
    this.onEnd()
  }
}

export interface CrowdOptions {
  readonly nodes: () => readonly ChaosNode[]
  readonly ledger: Ledger
  readonly random: Random
}

/** Somebody who listens to a channel for as long as the run lasts, at one node after the other. */
export function listenOn(
  channel: Channel,
  record: ListenerRecord,
  { nodes, random }: CrowdOptions,
): { stop(): void } {
  let stopped = false
  let leave = () => {}
  const arrive = (): void => {
    if (stopped) return
    const alive = nodes().filter((node) => node.alive)
    const node = alive.length > 0 ? random.pick(alive) : null
    if (!node) return void setTimeout(arrive, comeBackMs)
    const again = (): void => {
      node.left.delete(gone)
      setTimeout(arrive, comeBackMs * (1 + random.below(3)))
    }
    const connection = new RecordedConnection(record, again)
    const gone = (): void => connection.end()
    node.left.add(gone)
    leave = () => {
      connection.closed = true
      node.left.delete(gone)
      node.hub.leave(connection)
    }
    node.hub.join(connection, channel, record.position)
  }
  arrive()
  return {
    stop() {
      stopped = true
      leave()
    },
  }
}

let drafts = 0

/** Publishes one text after the other, each until it was answered, while `goesOn`; no longer when no node is left. */
export async function publishOn(
  channel: Channel,
  name: string,
  { nodes, ledger, random }: CrowdOptions,
  goesOn: () => boolean,
): Promise<number> {
  let number = 1
  for (; goesOn(); number++) {
    const data = `${name}:${number}`
    for (;;) {
      const alive = nodes().filter((node) => node.alive)
      try {
        if (alive.length === 0) throw new Error("no node")
        const { position } = await random.pick(alive).hub.publish({
          channel,
          type: "text/plain",
          data,
          bytes: data.length,
          id: `c${drafts++}`,
          idempotency: { key: data, digest: data },
        })
        ledger.answered.push({ channel, text: data, position })
        break
      } catch (error) {
        if (alive.length === 0 && !goesOn()) return number - 1
        ledger.lastRefusal = error instanceof Error ? error.message : String(error)
        await Bun.sleep(10 + random.below(30))
      }
    }
    await Bun.sleep(random.below(4))
  }
  return number - 1
}
