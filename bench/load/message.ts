// What a bench publishes: plain text of a fixed length that names its publisher, its number and the moment it was sent.
// Written and read in place, digit by digit, because a generator that allocates per delivery becomes the bottleneck.

/** Begins every message. No transport's envelope has this byte, so a reader may look for it. */
export const marker = 0x23 // #

const publisherDigits = 3
const numberDigits = 9
const timeDigits = 15
const numberAt = 1 + publisherDigits
const timeAt = numberAt + numberDigits

/** Bytes from the marker on that a reader needs to know a message. */
export const headBytes = timeAt + timeDigits

/** As many publishers as the digits allow, and as one message can tell apart. */
export const publishersMax = 10 ** publisherDigits

/** Bytes of text with room for the head; the rest is padding. */
export function blankMessage(bytes: number): Buffer {
  if (bytes < headBytes) throw new RangeError(`A message takes at least ${headBytes} bytes, not ${bytes}.`)
  const text = Buffer.alloc(bytes, "x")
  text[0] = marker
  return text
}

/** Writes who sends, which number, and when (microseconds of this process's clock) into the message at `start`. */
export function stamp(text: Buffer, start: number, head: { publisher: number; number: number }): void {
  writeDigits(text, start + 1, publisherDigits, head.publisher)
  writeDigits(text, start + numberAt, numberDigits, head.number)
  writeDigits(text, start + timeAt, timeDigits, Math.round(performance.now() * 1000))
}

export function publisherIn(bytes: Uint8Array, start: number): number {
  return readDigits(bytes, start + 1, publisherDigits)
}

export function numberIn(bytes: Uint8Array, start: number): number {
  return readDigits(bytes, start + numberAt, numberDigits)
}

/** Milliseconds since the message was stamped, when it was stamped in this process. */
export function ageMsOf(bytes: Uint8Array, start: number): number {
  return performance.now() - readDigits(bytes, start + timeAt, timeDigits) / 1000
}

function writeDigits(text: Buffer, start: number, count: number, value: number): void {
  let rest = value
  for (let at = start + count - 1; at >= start; at--) {
    text[at] = 48 + (rest % 10)
    rest = Math.floor(rest / 10)
  }
}

function readDigits(bytes: Uint8Array, start: number, count: number): number {
  let value = 0
  for (let at = start; at < start + count; at++) value = value * 10 + ((bytes[at] as number) - 48)
  return value
}
