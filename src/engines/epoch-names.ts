// Which epoch a channel's name begins in, so that a cursor of an earlier life never fits a later one: counted by slots of
// names, as there are more names than can be counted.
import { fnv1a } from "../../wire/fnv1a.ts"
import { randomName } from "../../wire/random-name.ts"
import type { Channel } from "../channels/channel.ts"

/** Two names share one with a chance of 1 in 262,144; then a reader may be told to reload for nothing. */
export const slotCount = 2 ** 18

export function slotOf(channel: Channel): number {
  const hash = fnv1a(channel)
  return (hash ^ (hash >>> 18)) & (slotCount - 1)
}

/** What the epochs of one database, or of one run without any, begin with. */
export const randomEpoch = (): string => randomName(8)

/** An epoch by its number. No random name holds a capital Z. */
export const epochName = (name: string, number: number): string =>
  number === 0 ? name : `${name}Z${number.toString(36)}`
