// Sizes and times as people write them. One unit, one meaning: K, M and G are powers of 1024, with or without the `i`.

/** `64KB`, `1.5 MiB`, `100B`. */
export const sizePattern = /^\d{1,15}(?:\.\d{1,9})? ?(?:[KMG]i?)?B$/

/** `500ms`, `25s`, `1m`, `1.5h`, `2d`. */
export const timePattern = /^\d{1,15}(?:\.\d{1,9})? ?(?:ms|s|m|h|d)$/

const sizeUnits: Record<string, number> = { B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }
const timeUnits: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Whole bytes of a size that fits `sizePattern`. A number is bytes. */
export function bytesOf(size: number | string): number {
  if (typeof size === "number") return size
  return Math.floor(Number.parseFloat(size) * (sizeUnits[unitOf(size).charAt(0)] as number))
}

/** Milliseconds of a time that fits `timePattern`. A number is seconds. */
export function millisecondsOf(time: number | string): number {
  if (typeof time === "number") return time * 1000
  return Number.parseFloat(time) * (timeUnits[unitOf(time)] as number)
}

const unitOf = (text: string): string => text.replace(/^[\d. ]+/, "")
