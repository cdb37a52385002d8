// A draw that anybody can check. The hash of the seed is published before; who entered is mixed in, so that not even who
// knows the seed can tell the order before the last entry. Afterwards the seed and the entries are published, and the
// same function gives the same order.
import { createHash, randomBytes } from "node:crypto"

/** 32 random bytes as hex. */
export const newSeed = (): string => randomBytes(32).toString("hex")

/** What is published before the draw. */
export const commitmentOf = (seed: string): string =>
  createHash("sha256").update(`laba-seed:${seed}`).digest("hex")

/** An entry without its user's name: a buyer finds their own, nobody finds anybody else. */
export const entryDigest = (sale: string, number: number, user: string): string =>
  createHash("sha256").update(`laba-entry:${sale}:${number}:${user}`).digest("base64url").slice(0, 22)

export interface Entry {
  readonly number: number
  readonly digest: string
}

/** The numbers of the entries in the order in which they are served. `entries` are in the order of their numbers. */
export function drawOrder(seed: string, entries: readonly Entry[]): number[] {
  const hash = createHash("sha256").update(`laba-draw:${seed}`)
  for (const { number, digest } of entries) hash.update(`\n${number} ${digest}`)
  const dice = new Dice(hash.digest())
  const order = entries.map((entry) => entry.number)
  // Fisher and Yates, from the end.
  for (let last = order.length - 1; last > 0; last--) {
    const chosen = dice.below(last + 1)
    const moved = order[last] as number
    order[last] = order[chosen] as number
    order[chosen] = moved
  }
  return order
}

/** Numbers from a key: SHA-256 over a counter, four bytes at a time, without the bias of a remainder. */
class Dice {
  private readonly key: Buffer
  private block: Buffer = Buffer.alloc(0)
  private at = 0
  private counter = 0

  constructor(key: Buffer) {
    this.key = key
  }

  below(bound: number): number {
    const fair = 0x1_0000_0000 - (0x1_0000_0000 % bound)
    for (;;) {
      const value = this.next()
      if (value < fair) return value % bound
    }
  }

  private next(): number {
    if (this.at === this.block.length) {
      const count = Buffer.alloc(8)
      count.writeBigUInt64BE(BigInt(this.counter++))
      this.block = createHash("sha256").update(this.key).update(count).digest()
      this.at = 0
    }
    const value = this.block.readUInt32BE(this.at)
    this.at += 4
    return value
  }
}
