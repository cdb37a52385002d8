// Hashes names for tables of ours. Names are chosen by whoever sends them, so each table has a salt of its own: without
// knowing it nobody can choose names that meet in one place.
import { randomInt } from "node:crypto"

/** Answers 32 bits as a signed integer. */
export function saltedHash(): (text: string) => number {
  const salt = randomInt(2 ** 32)
  return (text) => Bun.hash.xxHash32(text, salt) | 0
}
