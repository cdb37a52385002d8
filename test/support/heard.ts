// What a listener may hear, in one shape for every transport, and the listener that a test holds. Knows no transport.
import { Inbox } from "./inbox.ts"

/** The place in the channel that the listener was told before any message. */
interface HeardPosition {
  readonly kind: "position"
  readonly cursor: string
}

export interface HeardMessage {
  readonly kind: "message"
  /** What resumes this transport after this message. Null on a raw WebSocket, which has no envelope. */
  readonly cursor: string | null
  /** The cursor of this message alone, good on every transport. Differs from `cursor` on many-channel streams. */
  readonly ownCursor: string | null
  /** JSON is printed compactly again, so that all transports can be compared. */
  readonly data: string | Uint8Array
  readonly channel: string | null
  readonly id: string | null
  readonly type: string | null
}

interface HeardReset {
  readonly kind: "reset"
  /** Null on a raw WebSocket: it is closed with the code `reset` instead. */
  readonly cursor: string | null
  readonly reason: string | null
  readonly channel: string | null
}

/** The server ended it. `code` is a word of `wire/codes.ts` where one was told. */
interface HeardEnd {
  readonly kind: "end"
  readonly code: string | null
  /** WebSocket close code, or HTTP status. */
  readonly number: number | null
}

export type Heard = HeardPosition | HeardMessage | HeardReset | HeardEnd

export class Listener implements AsyncDisposable {
  readonly inbox: Inbox<Heard>
  private readonly stop: () => void | Promise<void>

  constructor(label: string, stop: () => void | Promise<void>) {
    this.inbox = new Inbox(label)
    this.stop = stop
  }

  next(withinMs?: number): Promise<Heard> {
    return this.inbox.next(withinMs)
  }

  /** The next thing heard, which must be a position. */
  async position(): Promise<string> {
    return expectKind(this, await this.next(), "position").cursor
  }

  /** The next thing heard, positions left out, which must be a message. */
  async message(withinMs?: number): Promise<HeardMessage> {
    return expectKind(this, await this.afterPosition(withinMs), "message")
  }

  async messages(count: number): Promise<HeardMessage[]> {
    const all: HeardMessage[] = []
    while (all.length < count) all.push(await this.message())
    return all
  }

  /** The next thing heard, positions left out, which must be a reset. */
  async reset(): Promise<HeardReset> {
    return expectKind(this, await this.afterPosition(), "reset")
  }

  /** The next thing heard, positions left out, which must be the end. */
  async end(withinMs?: number): Promise<HeardEnd> {
    return expectKind(this, await this.afterPosition(withinMs), "end")
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  private async afterPosition(withinMs?: number): Promise<Heard> {
    for (;;) {
      const heard = await this.next(withinMs)
      if (heard.kind !== "position") return heard
    }
  }
}

function expectKind<K extends Heard["kind"]>(
  listener: Listener,
  heard: Heard,
  kind: K,
): Extract<Heard, { kind: K }> {
  if (heard.kind === kind) return heard as Extract<Heard, { kind: K }>
  throw new Error(`expected a ${kind}, heard ${JSON.stringify(heard)}\n${listener.inbox.story()}`)
}

/** Data as text, whatever it came as. Bytes are read as UTF-8. */
export const textOf = (message: HeardMessage): string =>
  typeof message.data === "string" ? message.data : new TextDecoder().decode(message.data)

/** Data as bytes, whatever it came as. */
export const bytesOf = (message: HeardMessage): Uint8Array =>
  typeof message.data === "string" ? new TextEncoder().encode(message.data) : message.data
