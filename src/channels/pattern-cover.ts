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
