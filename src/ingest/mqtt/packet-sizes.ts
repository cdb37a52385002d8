// Takes packets that are too large out of what a broker sends, before they are read into memory: what they are is kept, their
// payload is passed over as it comes. Everything else goes on byte for byte.
import type { IPublishPacket } from "mqtt-packet"

/** The most of a packet that is kept to see what it is: its topic, which is at most 64 KiB, and its identifier. */
const beginningMax = 2 + 65_535 + 2

/** A fixed header is a byte, and one to four that say how long the rest is. */
const headerMax = 5

/** What is left of a message that was too large. */
export interface PassedOver {
  readonly packet: IPublishPacket
  readonly bytes: number
}

interface PacketSizesOptions {
  readonly bytesMax: number
  /** Bytes of packets that are not too large. */
  readonly onBytes: (bytes: Buffer) => void
  readonly onPassedOver: (passed: PassedOver) => void
}

export class PacketSizes {
  private readonly options: PacketSizesOptions
  private header: Buffer = Buffer.alloc(0)
  /** Bytes of the current packet that have not come yet. */
  private due = 0
  /** Of a packet that is too large. */
  private beginning: Buffer[] | null = null
  private length = 0
  private flags = 0

  constructor(options: PacketSizesOptions) {
    this.options = options
  }

  take(bytes: Buffer): void {
    let rest = bytes
    while (rest.length > 0) {
      if (this.due === 0) rest = this.readHeader(rest)
      else {
        const part = rest.subarray(0, this.due)
        rest = rest.subarray(part.length)
        this.due -= part.length
        if (this.beginning) this.keepBeginning(part)
        else this.options.onBytes(part)
      }
    }
  }

  /** Reads until the length of the packet is known. */
  private readHeader(bytes: Buffer): Buffer {
    const before = this.header.length
    const header = Buffer.concat([this.header, bytes.subarray(0, headerMax - before)])
    // A byte of the length that is below 128 is its last.
    const last = header.findIndex((byte, at) => at > 0 && byte < 128)
    if (last < 0 && header.length < headerMax) {
      this.header = header
      return Buffer.alloc(0)
    }
    // More than four bytes of length are none: the parser says so.
    const end = last < 0 ? headerMax : last + 1
    const own = header.subarray(0, end)
    this.header = Buffer.alloc(0)
    this.length = 0
    for (let at = 1; at < end; at++) this.length += ((own[at] as number) & 127) * 128 ** (at - 1)
    this.due = last < 0 ? 0 : this.length
    const isPublish = (own[0] as number) >> 4 === 3
    if (isPublish && this.length > this.options.bytesMax) {
      this.beginning = []
      this.flags = own[0] as number
    } else this.options.onBytes(own)
    return bytes.subarray(end - before)
  }

  private keepBeginning(part: Buffer): void {
    const kept = this.beginning as Buffer[]
    const have = kept.reduce((sum, { length }) => sum + length, 0)
    if (have < beginningMax) kept.push(Buffer.from(part.subarray(0, beginningMax - have)))
    if (this.due > 0) return
    this.beginning = null
    this.options.onPassedOver({ packet: packetFrom(this.flags, Buffer.concat(kept)), bytes: this.length })
  }
}

function packetFrom(flags: number, beginning: Buffer): IPublishPacket {
  const topicEnd = 2 + beginning.readUInt16BE(0)
  const qos = ((flags >> 1) & 3) as 0 | 1 | 2
  return {
    ...{ cmd: "publish", qos, dup: (flags & 8) > 0, retain: (flags & 1) > 0 },
    topic: beginning.subarray(2, topicEnd).toString("utf8"),
    payload: Buffer.alloc(0),
    ...(qos > 0 && { messageId: beginning.readUInt16BE(topicEnd) }),
  }
}
