// A draw that anybody can check. The hash of the seed is published before; who entered is mixed in, so that not even who
// knows the seed can tell the order before the last entry. Afterwards the seed and the entries are published, and the
// same function gives the same order.
import { createHash, hash, randomBytes, type Hash } from "node:crypto"

/** 32 random bytes as hex. */
export const newSeed = (): string => randomBytes(32).toString("hex")

/** What is published before the draw. */
export const commitmentOf = (seed: string): string => hash("sha256", `laba-seed:${seed}`, "hex")

/** An entry without its user's name: a buyer finds their own, nobody finds anybody else. */
export const entryDigest = (sale: string, number: number, user: string): string =>
  hash("sha256", `laba-entry:${sale}:${number}:${user}`, "base64url").slice(0, 22)

export interface Entry {
  readonly number: number
  readonly digest: string
}

/** The numbers of the entries in the order in which they are served. `entries` are in the order of their numbers. */
export function drawOrder(seed: string, entries: readonly Entry[]): number[] {
  const draw = new Draw(seed)
  for (const entry of entries) draw.enter(entry)
  return draw.order()
}

/** Characters that are hashed together: a call for each entry would cost three times as much. */
const hashedCharsMin = 16_384

/** A draw that takes its entries as they come, so that little is left to be done when it is due. */
export class Draw {
  private readonly hash: Hash
  private unhashed = ""
  private readonly numbers: number[] = []

  constructor(seed: string) {
    this.hash = createHash("sha256").update(`laba-draw:${seed}`)
  }

  /** The next entry, in the order of numbers. */
  enter({ number, digest }: Entry): void {
    this.numbers.push(number)
    this.unhashed += `\n${number} ${digest}`
    if (this.unhashed.length >= hashedCharsMin) this.mixIn()
  }

  /** The numbers of those who have entered, in the order in which they are served. */
  order(): number[] {
    this.mixIn()
    const dice = new Dice(this.hash.copy().digest())
    const order = [...this.numbers]
    // Fisher and Yates, from the end.
    for (let last = order.length - 1; last > 0; last--) {
      const chosen = dice.below(last + 1)
      const moved = order[last] as number
      order[last] = order[chosen] as number
      order[chosen] = moved
    }
    return order
  }

  private mixIn(): void {
    this.hash.update(this.unhashed)
    this.unhashed = ""
  }
}

/** Numbers from a key: SHA-256 over it and a counter of eight bytes, four bytes at a time, without the bias of a remainder. */
class Dice {
  private readonly input: Buffer
  private readonly counterAt: number
  private block: Buffer = Buffer.alloc(0)
  private at = 0
  private counter = 0

  constructor(key: Buffer) {
    this.counterAt = key.length
    this.input = Buffer.concat([key, Buffer.alloc(8)])
  }

  below(bound: number): number {
    for (;;) {
      const value = this.next()
      const rest = value - Math.floor(value / bound) * bound
      // The last values before 2^32 are too few to reach every rest.
      if (value - rest + bound <= 0x1_0000_0000) return rest
    }
  }

  private next(): number {
    if (this.at === this.block.length) {
      this.input.writeBigUInt64BE(BigInt(this.counter++), this.counterAt)
      this.block = hash("sha256", this.input, "buffer")
      this.at = 0
    }
    const value = this.block.readUInt32BE(this.at)
    this.at += 4
    return value
  }
}
