// Whether one pattern takes in another: every name that fits the narrow one fits the wide one too. Pure.
import { anyPart, anyParts, anyUser, type Pattern } from "./pattern.ts"

/** True also for a pattern and itself. Linear in the parts. */
export function covers(wide: Pattern, narrow: Pattern): boolean {
  for (const [index, part] of wide.parts.entries()) {
    if (part === anyParts) return true
    const other = narrow.parts[index]
    if (other === undefined || !coversPart(part, other)) return false
  }
  return wide.parts.length === narrow.parts.length
}

function coversPart(wide: string, narrow: string): boolean {
  if (narrow === anyParts) return false
  if (wide === anyPart || wide === narrow) return true
  return wide === anyUser && narrow.startsWith("@")
}

/** Below zero when `a` is the more specific of two patterns that fit one name: as `PatternTree` would choose. */
export function compareSpecificity(a: Pattern, b: Pattern): number {
  for (const [index, part] of a.parts.entries()) {
    const other = b.parts[index]
    // Both fit one name, so what is left of the longer one is `**`.
    if (other === undefined) return 1
    const difference = rank(other) - rank(part)
    if (difference !== 0) return difference
  }
  return a.parts.length - b.parts.length
}

function rank(part: string): number {
  if (part === anyParts) return 0
  if (part === anyPart) return 1
  return part === anyUser ? 2 : 3
}
