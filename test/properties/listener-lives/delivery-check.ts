// What one subscription must hear, held against every word it is given: its position first, then each message once and in
// order, and no hole that it was not told of; nothing after it has left or was ended.
import type { Position } from "../../../wire/cursor.ts"
import type { Channel } from "../../../src/channels/channel.ts"

/** What was promised and not kept, by the words that show it. */
export class BrokenPromise extends Error {
  override readonly name = "BrokenPromise"
}

interface DeliveryCheckOptions {
  readonly channel: Channel
  readonly after: Position | null
  /** The id of the message that was numbered so, if one was. */
  readonly idAt: (channel: Channel, position: Position) => string | undefined
}

export class DeliveryCheck {
  readonly channel: Channel
  /** Where it stands; null before its start. */
  position: Position | null = null
  over = false
  private readonly options: DeliveryCheckOptions
  private readonly words: string[] = []

  constructor(options: DeliveryCheckOptions) {
    this.channel = options.channel
    this.options = options
  }

  start(position: Position, recovered: boolean): void {
    this.note(`start ${show(position)}${recovered ? " recovered" : ""}`)
    const { after } = this.options
    if (this.position) this.fail("a second start")
    if (recovered && (!after || show(after) !== show(position))) this.fail("recovered from where it was not")
    this.position = position
  }

  message(at: Position, id: string): void {
    this.note(show(at))
    const { position } = this
    if (!position) return this.fail("a message before the start")
    if (at.epoch !== position.epoch || at.offset !== position.offset + 1) this.fail("out of order, or a hole")
    if (this.options.idAt(this.channel, at) !== id) this.fail("another message than was published")
    this.position = { epoch: at.epoch, offset: at.offset }
  }

  reset(at: Position, reason: string): void {
    this.note(`reset ${show(at)} ${reason}`)
    const { position } = this
    if (!position) return this.fail("a reset before the start")
    if (at.epoch === position.epoch && at.offset < position.offset) this.fail("back to what it had")
    this.position = at
  }

  /** It has left, or was told that it is over. */
  end(word: string): void {
    this.note(word)
    this.over = true
  }

  fail(why: string): never {
    throw new BrokenPromise(`${this.channel}: ${why}: ${this.words.slice(-12).join(", ")}`)
  }

  private note(word: string): void {
    this.words.push(word)
    if (this.over) this.fail("heard after its end")
  }
}

const show = ({ epoch, offset }: Position): string => `${epoch}-${offset}`
