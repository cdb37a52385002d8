// Clients of every kind, as far as they need no socket: listeners that are written to alone or by their group, at once or
// after the turn; that leave when they are served; that share a connection; and the real conversation and the real stream
// of many channels.
import { parseCursor, type Position } from "../../../wire/cursor.ts"
import { LabaError } from "../../../wire/error.ts"
import type { ServerFrame } from "../../../wire/frames.ts"
import type { Limits } from "../../../wire/limits.ts"
import type { Channel } from "../../../src/channels/channel.ts"
import type { Hub } from "../../../src/hub/hub.ts"
import type { PreparedMessage } from "../../../src/hub/prepared-message.ts"
import type { MessageVariants } from "../../../src/protocols/stomp/message-variant.ts"
import type { Counters } from "../../../src/telemetry/counters.ts"
import { anonymousClient } from "../../../src/transports/connections/client.ts"
import { LabaConversation } from "../../../src/transports/laba/laba-conversation.ts"
import type { LabaConnection } from "../../../src/transports/laba/laba-connection.ts"
import { ListGroup } from "../../../src/transports/list-group.ts"
import type { TransportContext } from "../../../src/transports/transport-context.ts"
import { startSkipping } from "../../../src/transports/start-skipping.ts"
import type { NodeUnacknowledged } from "../../../src/transports/stomp/unacknowledged-budget.ts"
import { ManyStream } from "../../../src/transports/sse/many-stream.ts"
import { stubContext } from "../../../src/transports/stub-context.ts"
import type { GroupKind, Listener, ListenerState, Start } from "../../../src/transports/transport.ts"
import { DeliveryCheck } from "./delivery-check.ts"
import { Outbox, outboxBytesMax } from "./outbox.ts"
import { executeCommand } from "../../../src/transports/laba/execute-command.ts"

/** What a client needs of the world around it. */
export interface ClientWorld {
  readonly hub: Hub
  readonly counters: Counters
  /** How many are said to be present now. */
  present: number
  /** What subscriptions in STOMP share. */
  readonly variants: MessageVariants
  readonly unacknowledged: NodeUnacknowledged
  readonly idAt: (channel: Channel, position: Position) => string | undefined
}

export interface Client {
  readonly outbox: Outbox
  /** What it listens to now. */
  readonly checks: readonly DeliveryCheck[]
  readonly closed: boolean
  /** Something that it has said is still worked on. Left out: what it says is done at once. */
  readonly isBusy?: boolean
  /** Does what it has put off. */
  catchUp?(): void
  /** Throws when it and the server do not know of the same. */
  check?(): void
  /** It is found slow: its channels have their say. */
  slow(): void
  leave(): void
}

const groupKind = (name: string, joins: boolean): GroupKind => ({
  name,
  writeMicros: 8,
  messageMicros: 0.45,
  joins,
  make: () => new EachGroup(),
})

class EachGroup extends ListGroup<Listener> {
  write(messages: readonly PreparedMessage[]): void {
    // Who was ended by what another was given is no member any more.
    for (const member of this.snapshot()) if (!member.closed) member.write(messages)
  }
}

const socketKind = groupKind("socket", true)
const streamKind = groupKind("stream", false)
const pollKind = groupKind("poll", false)
const labaKind = groupKind("laba", true)

/** One channel of a connection of channels that do not change, as a raw socket, a stream or a held poll has them. */
class PlainListener implements Listener {
  hubState: ListenerState | null = null
  groupIndex = -1
  readonly kind: GroupKind
  readonly check: DeliveryCheck
  private readonly client: PlainClient

  constructor(client: PlainClient, kind: GroupKind, check: DeliveryCheck) {
    this.client = client
    this.kind = kind
    this.check = check
  }

  get outbox(): Outbox {
    return this.client.outbox
  }

  get closed(): boolean {
    return this.client.closed
  }

  start({ position, recovered }: Start): void {
    this.check.start(position, recovered)
  }

  write(messages: readonly PreparedMessage[]): void {
    for (const { message } of messages) {
      this.check.message(message, message.id)
      this.outbox.add(message.bytes)
      // A reader that is over its bound may be closed by it.
      if (this.closed) return
    }
    if (this.kind === pollKind) this.client.leave()
  }

  ready(): Promise<void> | null {
    return this.kind === pollKind ? null : this.outbox.ready()
  }

  reset(position: Position, reason: string): void {
    this.check.reset(position, reason)
    if (this.kind === pollKind) this.client.leave()
  }

  end(code: string): void {
    this.check.end(`end ${code}`)
    this.client.leave()
  }
}

export type PlainKind = "socket" | "stream" | "poll"
const plainKinds = { socket: socketKind, stream: streamKind, poll: pollKind } as const

/** A connection whose channels do not change, and which ends with any of them. */
export class PlainClient implements Client {
  readonly outbox = new Outbox()
  closed = false
  private readonly listeners: PlainListener[]
  private readonly world: ClientWorld

  constructor(world: ClientWorld, kind: PlainKind, wanted: readonly Wanted[]) {
    this.world = world
    this.outbox.onOver = () => this.slow()
    this.listeners = wanted.map((one) => new PlainListener(this, plainKinds[kind], checkOf(world, one)))
    for (const [index, { channel, after }] of wanted.entries())
      world.hub.join(this.listeners[index] as PlainListener, channel, after)
  }

  get checks(): readonly DeliveryCheck[] {
    return this.closed ? [] : this.listeners.map(({ check }) => check)
  }

  slow(): void {
    if (this.closed) return
    const resume = startSkipping(this.world.hub, this.listeners)
    if (resume) void this.outbox.drained().then(resume)
    else this.leave()
  }

  leave(): void {
    if (this.closed) return
    this.closed = true
    for (const listener of this.listeners) {
      this.world.hub.leave(listener)
      if (!listener.check.over) listener.check.end("left")
    }
    this.outbox.drain()
  }
}

export interface Wanted {
  readonly channel: Channel
  readonly after: Position | null
}

export const checkOf = (world: ClientWorld, { channel, after }: Wanted): DeliveryCheck =>
  new DeliveryCheck({ channel, after, idAt: world.idAt })

/** What transports share, as far as these clients use it. */
export function contextOf(
  world: ClientWorld,
  judge: () => void,
  limits: Partial<Limits> = {},
): TransportContext {
  const join = () => {
    world.present++
    let isTaken = true
    return {
      leave() {
        if (isTaken) world.present--
        isTaken = false
      },
    }
  }
  return stubContext({
    hub: world.hub,
    limits: { outboxBytesMax, subscribesPerConnectionPerSecond: 1e9, ...limits },
    counters: world.counters,
    presence: { join },
    slowReaders: { suspect() {}, progressed() {}, judge },
    access: { channelOf: (_identity: unknown, name: string) => name, may: () => undefined },
    askToSubscribe: () => null,
  })
}

/** The real conversation, over a connection that writes down its frames. */
export class LabaClient implements Client {
  readonly outbox = new Outbox()
  closed = false
  private readonly world: ClientWorld
  private readonly conversation: LabaConversation
  private readonly subscriptions = new Map<Channel, DeliveryCheck>()

  constructor(world: ClientWorld) {
    this.world = world
    this.outbox.onOver = () => this.slow()
    const connection = {
      kindOf: () => labaKind,
      user: "u",
      client: anonymousClient,
      send: (frame: string) => this.receive(frame),
      sendAll: (frames: readonly string[]) => {
        for (const frame of frames) this.receive(frame)
      },
      ready: () => this.outbox.ready(),
      drained: () => this.outbox.drained(),
      endWith: (frame: string) => {
        this.receive(frame)
        this.leave()
      },
    }
    Object.defineProperty(connection, "closed", { get: () => this.closed })
    const context = contextOf(world, () => undefined)
    this.conversation = new LabaConversation(context, connection as unknown as LabaConnection, {
      attached: [],
      reply: undefined,
    })
  }

  get checks(): readonly DeliveryCheck[] {
    return [...this.subscriptions.values()]
  }

  /** Takes the place of an earlier one to the same channel. */
  subscribe(wanted: Wanted): void {
    if (this.closed) return
    this.subscriptions.get(wanted.channel)?.end("moved")
    this.subscriptions.set(wanted.channel, checkOf(this.world, wanted))
    this.conversation.subscribe(wanted.channel, wanted.after)
  }

  unsubscribe(channel: Channel): void {
    if (this.closed) return
    this.subscriptions.get(channel)?.end("unsubscribed")
    this.subscriptions.delete(channel)
    void executeCommand(this.conversation, { op: "unsubscribe", ref: undefined, channel })
  }

  slow(): void {
    if (this.closed) return
    const resume = this.conversation.startSkipping()
    if (resume) void this.outbox.drained().then(resume)
    else this.conversation.end(new LabaError("slow", "Too slow."))
  }

  leave(): void {
    if (this.closed) return
    this.closed = true
    this.conversation.left()
    for (const check of this.subscriptions.values()) check.end("left")
    this.subscriptions.clear()
    this.outbox.drain()
  }

  /** Its subscriptions are those that it knows of. */
  check(): void {
    const listed = [...this.conversation.channels].toSorted()
    const known = [...this.subscriptions.keys()].toSorted()
    if (listed.join() !== known.join())
      this.checks[0]?.fail(`it listens to ${listed.join()}, not ${known.join()}`)
  }

  private receive(text: string): void {
    if (this.closed) return
    const frame = JSON.parse(text) as ServerFrame
    if (!("channel" in frame) || frame.channel === undefined) return
    const channel = frame.channel as Channel
    const check = this.subscriptions.get(channel)
    const at = "cursor" in frame ? (parseCursor(frame.cursor, channel) as Position) : null
    if (frame.op === "unsubscribed") return
    if (!check) throw new Error(`a frame of a channel that it does not listen to: ${text}`)
    if (frame.op === "subscribed") check.start(at as Position, frame.recovered)
    else if (frame.op === "message") {
      check.message(at as Position, frame.id)
      this.outbox.add(String(frame.data).length)
    } else if (frame.op === "reset") check.reset(at as Position, frame.reason)
    else if (frame.op === "error") {
      check.end(`end ${frame.code}`)
      this.subscriptions.delete(channel)
    }
  }
}

/** The real stream of many channels, over a controller that takes its chunks. */
export class ManyStreamClient implements Client {
  readonly outbox = new Outbox()
  private readonly all: readonly DeliveryCheck[]
  private readonly stream: ManyStream
  private isEnding = false

  constructor(world: ClientWorld, wanted: readonly Wanted[]) {
    this.all = wanted.map((one) => checkOf(world, one))
    const channels = wanted.map(({ channel }) => channel)
    const judge = () => this.slow()
    this.outbox.onOver = judge
    this.stream = new ManyStream({
      context: contextOf(world, judge),
      request: new Request("http://x/"),
      number: 1,
      user: "u",
      client: anonymousClient,
      channels,
      from: wanted.map(({ after }) => after),
      reply: undefined,
    })
    this.stream.pull({
      write: (chunk) => {
        const text = new TextDecoder().decode(chunk)
        for (const block of text.split("\n\n")) this.receive(block, channels)
        if (!this.outbox.stalled) return chunk.length
        const drained = this.outbox.drained().then(() => chunk.length)
        this.outbox.waiting++
        return drained
      },
      close() {},
    })
  }

  get checks(): readonly DeliveryCheck[] {
    return this.closed ? [] : this.all
  }

  get closed(): boolean {
    return this.stream.closed
  }

  slow(): void {
    // Only who has something waiting is ever found slow.
    if (this.closed || this.isEnding || this.stream.backlogBytes() === 0) return
    const resume = this.stream.startSkipping()
    if (resume) return void this.stream.drained().then(resume)
    // The last word to it is no new offence.
    this.isEnding = true
    this.stream.endAsSlow()
  }

  leave(): void {
    if (this.closed) return
    this.stream.cancel()
    for (const check of this.all) check.end("left")
    this.outbox.drain()
  }

  private receive(block: string, channels: readonly Channel[]): void {
    const event = /^event: (.*)$/m.exec(block)?.[1] ?? "message"
    const data = /^data: (.*)$/m.exec(block)?.[1]
    if (data === undefined) return
    const json = JSON.parse(data)
    if (event === "close") return this.all.forEach((check) => check.end(`close ${json.code}`))
    if (event === "position") {
      for (const [index, { cursor, recovered }] of json.channels.entries())
        this.all[index]?.start(parseCursor(cursor, channels[index] as Channel) as Position, recovered)
      return
    }
    const check = this.all[channels.indexOf(json.channel)] as DeliveryCheck
    const at = parseCursor(json.cursor, json.channel) as Position
    if (event === "message") check.message(at, json.id)
    else if (event === "reset") check.reset(at, json.reason)
  }
}
