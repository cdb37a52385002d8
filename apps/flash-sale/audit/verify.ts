// `flash-sale verify`: reads the books of a directory and the channels at Laba, whether or not a shop runs on it, and says
// what breaks a promise.
import { SQLiteError } from "bun:sqlite"
import { Ledger } from "../ledger/ledger.ts"
import { atOneMoment, snapshotOf } from "../ledger/snapshot.ts"
import { reading, UnreadableBooks } from "../ledger/unreadable.ts"
import { inspect, type InvariantName, invariantTitles } from "../model/invariants.ts"
import { unsentSince } from "./booked-tickets.ts"
import { auditChannels, tellingMs } from "./channel-audit.ts"
import type { ChannelReader } from "./laba-reader.ts"
import type { ChannelsRead } from "../model/wire/api.ts"
import type { Verdict } from "../model/wire/api.ts"

/** Checks the books alone. Throws `UnreadableBooks`. */
export const verifyBooks = (path: string, now: number): Verdict => reading(path, () => check(path, now))

function check(path: string, now: number): Verdict {
  const database = Ledger.read(path)
  try {
    const findings = atOneMoment(database, () => {
      const found = inspect(snapshotOf(database, now))
      for (const { id, at } of unsentSince(database, now - tellingMs))
        found.I6.push(`outbox row ${id} waits to be told since ${new Date(at).toISOString()}`)
      return found
    })
    return { at: now, findings, channels: { skipped: "only the books were asked for" } }
  } finally {
    database.close()
  }
}

interface VerifyOptions {
  readonly path: string
  readonly now: number
  readonly read: ChannelReader
  /** Whose channels: those of one sale. Default: of all. */
  readonly sale?: string | null
  /** How long a channel may be behind the books. */
  readonly patienceMs?: number
}

/** Checks the books and the channels. What a channel shows and the books do not say breaks I6. Rejects with `UnreadableBooks`. */
export async function verify({ path, now, read, ...bounds }: VerifyOptions): Promise<Verdict> {
  const verdict = verifyBooks(path, now)
  const database = Ledger.read(path)
  try {
    const { findings, ...channels } = await auditChannels({ database, now, read, ...bounds })
    return {
      ...verdict,
      findings: { ...verdict.findings, I6: [...verdict.findings.I6, ...findings] },
      channels,
    }
  } catch (error) {
    if (error instanceof SQLiteError) throw new UnreadableBooks(path, error)
    return { ...verdict, channels: { failed: String(error) } }
  } finally {
    database.close()
  }
}

export const isClean = ({ findings }: Verdict): boolean =>
  Object.values(findings).every((lines) => lines.length === 0)

/** The verdict for people: a line a promise, and what breaks it. */
export function printVerdict({ findings, channels }: Verdict): string {
  const lines: string[] = []
  for (const name of Object.keys(invariantTitles) as InvariantName[]) {
    const found = findings[name]
    lines.push(`${name} ${found.length === 0 ? "holds " : "BROKEN"} ${invariantTitles[name]}`)
    lines.push(...found.slice(0, 20).map((finding) => `     ${finding}`))
    if (found.length > 20) lines.push(`     and ${found.length - 20} more`)
  }
  lines.push(channelsLine(channels))
  return lines.join("\n")
}

function channelsLine(channels: ChannelsRead): string {
  if ("failed" in channels) return `The channels were NOT read: ${channels.failed}`
  if ("skipped" in channels) return `The channels were not read: ${channels.skipped}.`
  return `${channels.read} channels were read, for ${channels.of} tickets.`
}
