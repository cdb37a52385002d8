// A server of laba.v1 in memory, as docs/PROTOCOL.md says it: channels with history, commands, sessions' frames. The client's
// tests run against it with a clock of their own; that it agrees with the real server is shown by running both.
import { isForeignPosition, parseCursor, printCursor } from "../../wire/cursor.ts"
import type { ClientFrame, MessageJson, PresenceMember, ResetReason, ServerFrame } from "../../wire/frames.ts"

export interface ModelConnection {
  readonly id: string
  receive(frame: ClientFrame): void
  /** The client is gone. */
  leave(): void
}

/** Where the frames of one connection go; `over` follows the last frame when the server ends it. */
interface ModelOutlet {
  frame(frame: ServerFrame): void
  over(): void
}

interface ModelChannel {
  epoch: string
  tail: number
  messages: MessageJson[]
  keys: Map<string, ServerFrame & { op: "published" }>
}

export class ModelServer {
  heartbeatSeconds = 25
  messageBytesMax = 65_536
  historyMax = 1_000
  /** When set, a connection needs this token before it may subscribe. */
  token: string | null = null
  tokenSeconds: number | undefined
  /** Does not answer pings, like a socket behind a proxy that swallows frames. */
  isMute = false
  /** Every connection that was ever opened. */
  opened = 0
  readonly tokensSeen: string[] = []
  /** Every message that was ever accepted, in order, whatever was trimmed or forgotten since. */
  readonly accepted: MessageJson[] = []
  /** Who is said to be in a channel. */
  readonly present = new Map<string, readonly PresenceMember[]>()
  /** Channels of which somebody is told who comes and leaves. */
  readonly watched = new Set<string>()
  /** Other spellings, and the names of the channels that they are. */
  readonly names = new Map<string, string>()
  /** Whether channels can be resumed. */
  history: "kept" | "none" = "kept"
  private readonly subscribed = new Map<string, number>()
  private epoch = 0
  private readonly channels = new Map<string, ModelChannel>()
  private readonly live = new Map<string, { outlet: ModelOutlet; subscribed: Set<string> }>()

  get connections(): number {
    return this.live.size
  }

  connect(outlet: ModelOutlet): ModelConnection {
    const id = `c${++this.opened}`
    const subscribed = new Set<string>()
    this.live.set(id, { outlet, subscribed })
    let isAllowed = this.token === null
    outlet.frame({
      op: "hello",
      connection: id,
      heartbeat: this.heartbeatSeconds,
      limits: { messageBytes: this.messageBytesMax, channels: 128 },
    })
    return {
      id,
      leave: () => void this.live.delete(id),
      receive: (frame) => {
        if (!this.live.has(id)) return
        const ref = frame.ref === undefined ? {} : { ref: frame.ref }
        if (frame.op === "ping") {
          if (!this.isMute) outlet.frame({ op: "pong", ...ref })
        } else if (frame.op === "token") {
          this.tokensSeen.push(frame.token)
          isAllowed = this.token === null || frame.token === this.token
          if (isAllowed) {
            outlet.frame({
              op: "token",
              ...ref,
              ...(this.tokenSeconds ? { expires: this.tokenSeconds } : {}),
            })
          } else
            outlet.frame({
              op: "error",
              ...ref,
              code: "unauthorized",
              detail: "wrong token",
              retry: "stay-away",
            })
        } else if (!isAllowed) {
          outlet.frame({ op: "error", ...ref, code: "forbidden", detail: "no token", retry: "stay-away" })
        } else this.carryOut(frame, ref, outlet, subscribed)
      },
    }
  }

  publish(name: string, data: unknown, key?: string): ServerFrame & { op: "published" } {
    const channel = this.channel(name)
    const known = key === undefined ? undefined : channel.keys.get(key)
    if (known) return { ...known, duplicate: true }
    const cursor = printCursor(name, { epoch: channel.epoch, offset: ++channel.tail })
    const id = `${channel.epoch}${channel.tail}`
    const message: MessageJson = { channel: name, cursor, id, time: 0, type: "application/json", data }
    this.accepted.push(message)
    channel.messages.push(message)
    channel.messages.splice(0, channel.messages.length - this.historyMax)
    const published = {
      op: "published",
      channel: name,
      cursor,
      id,
      duplicate: false,
      listeners: 0,
      history: "kept",
    } as const
    if (key !== undefined) channel.keys.set(key, published)
    this.tell(name, { op: "message", ...message })
    return published
  }

  /** Every connection is gone. With `forgets` the history and the numbering too. */
  restart({ forgets }: { forgets: boolean }): void {
    for (const { outlet } of [...this.live.values()]) outlet.over()
    this.live.clear()
    if (forgets) this.channels.clear()
  }

  /** The history keeps its newest `count`. */
  trim(name: string, count: number): void {
    const { messages } = this.channel(name)
    messages.splice(0, Math.max(0, messages.length - count))
  }

  /** Ends every connection with a code. */
  endAll(error: Extract<ServerFrame, { op: "error" }>): void {
    for (const { outlet } of [...this.live.values()]) {
      outlet.frame(error)
      outlet.over()
    }
    this.live.clear()
  }

  /** A frame to whoever listens to the channel. */
  tell(name: string, frame: ServerFrame): void {
    for (const { outlet, subscribed } of this.live.values()) {
      if (!subscribed.has(name)) continue
      if (frame.op === "error") subscribed.delete(name)
      outlet.frame(frame)
    }
  }

  /** A frame to every connection. */
  tellAll(frame: ServerFrame): void {
    for (const { outlet } of this.live.values()) outlet.frame(frame)
  }

  /** Somebody came, and who watches is told. */
  come(name: string, member: PresenceMember): void {
    const members = [...(this.present.get(name) ?? []), member]
    this.present.set(name, members)
    const change = { joined: [member], left: [], users: members.length, guests: 0 }
    if (this.watched.has(name)) this.tell(name, { op: "members", channel: name, ...change })
  }

  /** How often it was subscribed to. */
  subscribes(name: string): number {
    return this.subscribed.get(name) ?? 0
  }

  listeners(name: string): number {
    return [...this.live.values()].filter(({ subscribed }) => subscribed.has(name)).length
  }

  tail(name: string): string {
    const { epoch, tail } = this.channel(name)
    return printCursor(name, { epoch, offset: tail })
  }

  private channel(name: string): ModelChannel {
    const known = this.channels.get(name)
    if (known) return known
    const fresh: ModelChannel = { epoch: `e${++this.epoch}`, tail: 0, messages: [], keys: new Map() }
    this.channels.set(name, fresh)
    return fresh
  }

  private carryOut(spelled: ClientFrame, ref: object, outlet: ModelOutlet, subscribed: Set<string>): void {
    const frame =
      "channel" in spelled
        ? { ...spelled, channel: this.names.get(spelled.channel) ?? spelled.channel }
        : spelled
    if (frame.op === "publish") {
      outlet.frame({ ...this.publish(frame.channel, frame.data, frame.key), ...ref })
    } else if (frame.op === "unsubscribe") {
      subscribed.delete(frame.channel)
      outlet.frame({ op: "unsubscribed", ...ref, channel: frame.channel })
    } else if (frame.op === "presence") {
      const members = this.present.get(frame.channel) ?? []
      if (frame.watch) this.watched.add(frame.channel)
      if (frame.watch === false) this.watched.delete(frame.channel)
      outlet.frame({
        op: "presence",
        ...ref,
        channel: frame.channel,
        members,
        users: members.length,
        guests: 0,
      })
    } else if (frame.op === "subscribe") {
      subscribed.add(frame.channel)
      this.subscribed.set(frame.channel, this.subscribes(frame.channel) + 1)
      this.subscribe(frame.channel, frame.after, ref, outlet)
    }
  }

  private subscribe(name: string, after: string | undefined, ref: object, outlet: ModelOutlet): void {
    const channel = this.channel(name)
    const tail = this.tail(name)
    const answer = { op: "subscribed", ...ref, channel: name, history: this.history } as const
    const position = after === undefined ? null : parseCursor(after, name)
    if (!position) return outlet.frame({ ...answer, cursor: tail, recovered: false })
    const reason = this.cannotResume(channel, position)
    if (reason) {
      outlet.frame({ ...answer, cursor: tail, recovered: false })
      outlet.frame({ op: "reset", channel: name, cursor: tail, reason })
    } else {
      outlet.frame({ ...answer, cursor: after as string, recovered: true })
      const missed = channel.tail - position.offset
      const messages = missed > 0 ? channel.messages.slice(-missed) : []
      for (const message of messages) outlet.frame({ op: "message", ...message })
    }
  }

  private cannotResume(
    channel: ModelChannel,
    { epoch, offset }: { epoch: string; offset: number },
  ): ResetReason | null {
    if (this.history === "none") return "no-history"
    if (isForeignPosition({ epoch, offset })) return "other-channels"
    if (epoch !== channel.epoch) return "epoch"
    return channel.tail - offset > channel.messages.length ? "trimmed" : null
  }
}
