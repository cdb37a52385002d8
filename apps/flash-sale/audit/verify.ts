// `flash-sale verify`: reads the books of a directory, whether or not a server runs on it, and says what breaks a promise.
import { Ledger } from "../ledger/ledger.ts"
import { atOneMoment, snapshotOf } from "../ledger/snapshot.ts"
import { inspect, type InvariantName, invariantTitles } from "../model/invariants.ts"
import type { Verdict } from "./watchman.ts"

export function verify(path: string, now: number): Verdict {
  const database = Ledger.read(path)
  try {
    const findings = atOneMoment(database, () => inspect(snapshotOf(database, now)))
    return { at: now, findings }
  } finally {
    database.close()
  }
}

export const isClean = ({ findings }: Verdict): boolean =>
  Object.values(findings).every((lines) => lines.length === 0)

/** The verdict for people: a line a promise, and what breaks it. */
export function printVerdict({ findings }: Verdict): string {
  const lines: string[] = []
  for (const name of Object.keys(invariantTitles) as InvariantName[]) {
    const found = findings[name]
    lines.push(`${name} ${found.length === 0 ? "holds " : "BROKEN"} ${invariantTitles[name]}`)
    lines.push(...found.slice(0, 20).map((finding) => `     ${finding}`))
    if (found.length > 20) lines.push(`     and ${found.length - 20} more`)
  }
  return lines.join("\n")
}
