// A client that speaks STOMP, with the real conversation: over a connection whose listeners share frames, as a WebSocket's do, or over a stream
// of bytes, as TCP is. It goes on from cursors, and acknowledges where it said that it would.
import { parseCursor, printCursor, type Position } from "../../../wire/cursor.ts"
import { LabaError } from "../../../wire/error.ts"
import type { Channel } from "../../../src/channels/channel.ts"
import type { PreparedMessage } from "../../../src/hub/prepared-message.ts"
import type { Frame, Protocol } from "../../../src/protocols/protocol.ts"
import { springProfile } from "../../../src/protocols/stomp/destinations.ts"
import { anonymousClient } from "../../../src/transports/connections/client.ts"
import type { WritableConnection } from "../../../src/transports/conversation/writable-connection.ts"
import { ListGroup } from "../../../src/transports/list-group.ts"
import { StompConversation } from "../../../src/transports/stomp/stomp-conversation.ts"
import { TransactionBudget } from "../../../src/transports/stomp/transaction-budget.ts"
import type { GroupKind, Listener } from "../../../src/transports/transport.ts"
import { type StompFrame, takeFrames } from "../../support/stomp.ts"
import { checkOf, type Client, type ClientWorld, contextOf, type Wanted } from "./clients.ts"
import type { DeliveryCheck } from "./delivery-check.ts"
import { Outbox, outboxBytesMax } from "./outbox.ts"

/** Members of one native topic: they get one frame, which was made for all of them. */
class SharedGroup extends ListGroup<Listener> {
  private readonly protocol: Protocol

  constructor(protocol: Protocol) {
    super()
    this.protocol = protocol
  }

  write(messages: readonly PreparedMessage[]): void {
    for (const member of this.snapshot())
      for (const message of messages)
        (member.outbox as WritableConnection).send(message.frameFor(this.protocol))
  }
}

const kinds = new WeakMap<Protocol, GroupKind>()

/** One for each protocol, as real sockets have it. */
function sharedKindOf(protocol: Protocol): GroupKind {
  const known = kinds.get(protocol)
  if (known) return known
  const make = () => new SharedGroup(protocol)
  const kind = { name: "stomp", writeMicros: 8, messageMicros: 0.45, joins: true, make }
  kinds.set(protocol, kind)
  return kind
}

type StompCarrier = "websocket" | "tcp"
const ackModes = ["auto", "client", "client-individual"] as const

interface Subscription {
  readonly id: string
  readonly ack: (typeof ackModes)[number]
  readonly check: DeliveryCheck
  /** How an ACK names each message that it has and has not acknowledged, the oldest first. */
  readonly unacknowledged: string[]
}

/** Subscriptions to one channel that it has at once, at most. */
const perChannelMax = 2

export class StompClient implements Client {
  readonly outbox = new Outbox()
  closed = false
  private readonly world: ClientWorld
  private readonly version: "1.1" | "1.2"
  private readonly conversation: StompConversation
  /** By id, in the order in which it asked for them: only the first was not told to have ended. */
  private readonly subscriptions = new Map<string, Subscription[]>()
  /** Ids that it wants to be subscribed. */
  private readonly wanted = new Set<string>()
  private readonly input: string[] = []
  private isReading = false
  /** What was found wrong while it was answered, in a turn of its own. */
  private failure: Error | null = null
  private unparsed: Uint8Array = new Uint8Array(0)

  constructor(world: ClientWorld, carrier: StompCarrier, pick: number) {
    this.world = world
    this.version = pick % 2 ? "1.1" : "1.2"
    this.outbox.onOver = () => this.slow()
    const connection = {
      number: pick,
      user: "u",
      client: anonymousClient,
      sharesFrames: carrier === "websocket",
      isByteStream: carrier === "tcp",
      kindOf: sharedKindOf,
      send: (frame: Frame) => this.take([frame]),
      sendAll: (frames: readonly Frame[]) => this.take(frames),
      ready: () => this.outbox.ready(),
      drained: () => this.outbox.drained(),
      endWith: (frame: Frame) => {
        this.take([frame])
        this.leave()
      },
      cut: () => this.leave(),
      close: () => this.leave(),
    }
    Object.defineProperty(connection, "closed", { get: () => this.closed })
    // A quarter of it may wait for acknowledgements: two messages.
    const context = contextOf(world, () => undefined, { outboxBytesMax: 2800 })
    const stomp = {
      context,
      variants: world.variants,
      unacknowledged: world.unacknowledged,
      transactionBudget: new TransactionBudget(() => outboxBytesMax),
      paths: new Set<string>(),
      profile: springProfile,
      serverName: "laba",
      beatMs: 0,
      readPayload: () => {
        throw new Error("nothing is sent here")
      },
      nacked: () => undefined,
    }
    const signIn = async () => undefined
    this.conversation = new StompConversation(stomp, connection as unknown as WritableConnection, signIn)
    this.conversation.opened()
    this.say("CONNECT", { "accept-version": this.version })
  }

  get checks(): readonly DeliveryCheck[] {
    return [...this.subscriptions.values()].flatMap(([first]) => (first ? [first.check] : []))
  }

  /** Something that it has said is still worked on. */
  get isBusy(): boolean {
    return !this.closed && (this.isReading || this.input.length > 0)
  }

  /** Takes the place of an earlier one of the same id. */
  subscribe({ channel, after }: Wanted, pick: number): void {
    if (this.closed) return
    const id = `${channel}-${pick % perChannelMax}`
    this.unsubscribe(channel, pick)
    const ack = ackModes[pick % ackModes.length] as Subscription["ack"]
    const subscription = { id, ack, check: checkOf(this.world, { channel, after }), unacknowledged: [] }
    this.subscriptions.set(id, [...(this.subscriptions.get(id) ?? []), subscription])
    this.wanted.add(id)
    this.say("SUBSCRIBE", {
      id,
      destination: channel,
      ack,
      "prefetch-count": "2",
      after: after ? printCursor(channel, after) : "",
      receipt: `in ${id}`,
    })
  }

  unsubscribe(channel: Channel, pick: number): void {
    const id = `${channel}-${pick % perChannelMax}`
    if (this.closed || !this.wanted.delete(id)) return
    // In 1.1 what is acknowledged afterwards is unknown.
    this.subscriptions.get(id)?.[0]?.unacknowledged.splice(0)
    this.say("UNSUBSCRIBE", { id, receipt: `out ${id}` })
  }

  /** One subscription acknowledges its oldest message, or all that it has. */
  acknowledge(pick: number): void {
    if (this.closed) return
    const waiting = [...this.subscriptions.values()].flatMap(([first]) =>
      first && this.wanted.has(first.id) && first.unacknowledged.length > 0 ? [first] : [],
    )
    const one = waiting[pick % Math.max(1, waiting.length)]
    if (!one) return
    const taken = one.ack === "client" && pick % 3 === 0 ? one.unacknowledged.length : 1
    const name = one.unacknowledged.splice(0, taken).at(-1) as string
    this.say(pick % 5 === 0 ? "NACK" : "ACK", {
      ...(this.version === "1.2" ? { id: name } : { subscription: one.id, "message-id": name }),
    })
  }

  /** Acknowledges everything. */
  catchUp(): void {
    while ([...this.subscriptions.values()].some(([first]) => first && this.mayAcknowledge(first)))
      this.acknowledge(1)
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
    for (const list of this.subscriptions.values())
      for (const { check } of list) if (!check.over) check.end("left")
    this.subscriptions.clear()
    this.outbox.drain()
  }

  /** Its subscriptions are those that it knows of. */
  check(): void {
    if (this.failure !== null) throw this.failure
    if (this.isBusy) return
    const listed = [...this.conversation.channels].toSorted()
    const known = [...new Set(this.checks.map(({ channel }) => channel))].toSorted()
    if (listed.join() !== known.join())
      this.checks[0]?.fail(`it listens to ${listed.join()}, not ${known.join()}`)
  }

  private mayAcknowledge({ id, unacknowledged }: Subscription): boolean {
    return this.wanted.has(id) && unacknowledged.length > 0
  }

  private say(command: string, headers: Readonly<Record<string, string>>): void {
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`)
    this.input.push(`${command}\n${lines.join("")}\n\0`)
    if (!this.isReading) void this.readOn()
  }

  /** The next is given when the one before it is done, as every carrier does. */
  private async readOn(): Promise<void> {
    this.isReading = true
    try {
      for (let next = this.input.shift(); next !== undefined; next = this.input.shift()) {
        const work = this.conversation.receive(next)
        if (work) await work
      }
    } catch (error) {
      this.failure = error as Error
    }
    this.isReading = false
  }

  private take(frames: readonly Frame[]): void {
    if (this.closed) return
    for (const frame of frames) {
      this.unparsed = Buffer.concat([this.unparsed, Buffer.from(frame as string)])
      this.unparsed = takeFrames(
        this.unparsed,
        (one) => this.hear(one),
        () => undefined,
      )
    }
  }

  private hear({ command, headers, body }: StompFrame): void {
    if (this.closed || command === "CONNECTED") return
    if (command === "ERROR") {
      for (const list of this.subscriptions.values())
        for (const { check } of list) check.end(`ERROR ${headers["code"]}`)
      this.subscriptions.clear()
      return
    }
    const [way, id = ""] =
      command === "RECEIPT" ? (headers["receipt-id"] as string).split(" ") : ["", headers["subscription"]]
    const subscription = this.subscriptions.get(id)?.[0]
    if (!subscription) throw new Error(`${command} of a subscription that it does not have: ${id}`)
    const { check } = subscription
    if (way === "out") {
      check.end("unsubscribed")
      const rest = this.subscriptions.get(id)?.slice(1) ?? []
      if (rest.length > 0) this.subscriptions.set(id, rest)
      else this.subscriptions.delete(id)
      return
    }
    const at = parseCursor(headers["cursor"] ?? "", check.channel) as Position
    if (way === "in") return check.start(at, headers["recovered"] === "true")
    if (headers["reset"] !== undefined) return check.reset(at, headers["reset"])
    const name = this.version === "1.2" ? headers["ack"] : headers["message-id"]
    if (subscription.ack !== "auto") {
      if (name === undefined) return check.fail("a message that cannot be acknowledged")
      if (this.wanted.has(id)) subscription.unacknowledged.push(name)
    }
    check.message(at, headers["message-id"] ?? "")
    this.outbox.add(body.length)
  }
}
