// Server-sent events, parsed as the HTML standard says (section 9.2.6), byte by byte and no kinder: what this parser
// hears is what a browser hears. It knows nothing of Laba.

export interface SseEvent {
  readonly event: string
  readonly data: string
  /** The last event id as of this event. */
  readonly id: string
}

interface SseReader {
  onEvent(event: SseEvent): void
  /** A block ended that set an id and held no data: nothing is dispatched, but a reconnect sends this id. */
  onId?(id: string): void
  onRetry?(ms: number): void
  onComment?(text: string): void
}

export class SseParser {
  private readonly reader: SseReader
  private readonly decoder = new TextDecoder("utf-8")
  private pending = ""
  private event = ""
  private data: string[] = []
  private idBuffer = ""
  /** What a browser would send as `Last-Event-ID`. */
  lastEventId = ""

  constructor(reader: SseReader) {
    this.reader = reader
  }

  push(bytes: Uint8Array): void {
    // The decoder takes away one leading byte order mark, as the standard asks.
    this.pending += this.decoder.decode(bytes, { stream: true })
    let from = 0
    for (let at = 0; at < this.pending.length; at++) {
      const char = this.pending.charCodeAt(at)
      if (char !== 10 && char !== 13) continue
      // A carriage return at the very end may be half of a CRLF: wait for what follows.
      if (char === 13 && at + 1 === this.pending.length) break
      this.line(this.pending.slice(from, at))
      if (char === 13 && this.pending.charCodeAt(at + 1) === 10) at++
      from = at + 1
    }
    this.pending = this.pending.slice(from)
  }

  private line(line: string): void {
    if (line === "") return this.dispatch()
    if (line.startsWith(":")) return this.reader.onComment?.(line.slice(1))
    const colon = line.indexOf(":")
    const field = colon < 0 ? line : line.slice(0, colon)
    const rest = colon < 0 ? "" : line.slice(colon + 1)
    const value = rest.startsWith(" ") ? rest.slice(1) : rest
    if (field === "event") this.event = value
    if (field === "data") this.data.push(value)
    if (field === "id" && !value.includes("\0")) this.idBuffer = value
    if (field === "retry" && /^[0-9]+$/.test(value)) this.reader.onRetry?.(Number(value))
  }

  private dispatch(): void {
    const hadData = this.data.length > 0
    const moved = this.lastEventId !== this.idBuffer
    this.lastEventId = this.idBuffer
    // The standard tests the data buffer for being the empty string, so one empty `data` line dispatches (it appended a
    // line feed first) and no `data` line does not.
    if (hadData) {
      this.reader.onEvent({
        event: this.event || "message",
        data: this.data.join("\n"),
        id: this.lastEventId,
      })
    } else if (moved) {
      this.reader.onId?.(this.lastEventId)
    }
    this.event = ""
    this.data = []
  }
}
