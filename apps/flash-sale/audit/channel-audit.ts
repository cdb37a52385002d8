// Compares what the channels show with what the books say. Channels are read first and the books after: what is told was
// written before, so a channel may be behind for a moment, but it never knows more than the books.
import type { Database } from "bun:sqlite"
import { atOneMoment } from "../ledger/snapshot.ts"
import type { TicketRecord } from "../model/wire/api.ts"
import {
  type BookedTicket,
  type ChannelOwner,
  onTheirWay,
  readChannelOwners,
  readTickets,
  ticketCount,
} from "./booked-tickets.ts"
import type { ChannelReader } from "./laba-reader.ts"
import type { ChannelsAudited } from "../model/wire/api.ts"

interface ChannelAudit extends ChannelsAudited {
  /** What contradicts the books, or is missing for longer than a telling takes. */
  readonly findings: readonly string[]
}

interface ChannelAuditOptions {
  readonly database: Database
  /** Milliseconds since 1970. */
  readonly now: number
  readonly read: ChannelReader
  /** Whose channels: those of one sale. Default: of all. */
  readonly sale?: string | null
  /** How long a channel may be behind the books: the time that it takes to tell. Default 5,000. */
  readonly patienceMs?: number
}

/** How long a word may be on its way to a channel that nobody listens to: a crowd is decided faster than it can be told. */
export const tellingMs = 300_000

const none: ReadonlySet<string> = new Set()

/** Channels that are read at once. */
const atOnceMax = 16

/** To the second look at a channel that is behind; each further one takes twice as long, so that many cost no more than a few. */
const lookAgainMs = 250

/** Rejects when Laba does not answer. */
export async function auditChannels(options: ChannelAuditOptions): Promise<ChannelAudit> {
  const { database, now, read, sale = null, patienceMs = 5000 } = options
  const { holders, of } = atOneMoment(database, () => ({
    holders: readChannelOwners(database, sale),
    of: ticketCount(database),
  }))
  let looked: readonly ChannelOwner[] = holders
  const findings: string[] = []
  const deadline = performance.now() + patienceMs
  for (let waitMs = lookAgainMs; ; waitMs *= 2) {
    const shown = await readAll(looked, read)
    const booked = atOneMoment(database, () => readTickets(database, looked))
    let behind: (Behind & { readonly holder: ChannelOwner })[] = []
    for (const [at, holder] of looked.entries()) {
      const tickets = booked[at] as ReadonlyMap<number, BookedTicket>
      const records = shown[at] as readonly TicketRecord[]
      findings.push(...records.flatMap((record) => contradictionIn(record, holder, tickets)))
      const late = behindIn(records, tickets)
      if (late) behind.push({ holder, ...late })
    }
    if (behind.length === 0 || performance.now() >= deadline) {
      const coming = behind.length === 0 ? none : onTheirWay(database, now - tellingMs)
      behind = behind.filter(({ ticket: { sale, number } }) => !coming.has(`${sale}.${number}`))
      findings.push(...behind.map(({ why }) => why))
      return {
        read: holders.length,
        of,
        findings: [...new Set(findings)],
        behind: behind.map(({ holder, ticket }) => ({ sale: holder.sale, number: ticket.number })),
      }
    }
    looked = behind.map(({ holder }) => holder)
    await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs, deadline - performance.now())))
  }
}

/** What a record says that the books do not. */
function contradictionIn(
  record: TicketRecord,
  { user, sale }: ChannelOwner,
  tickets: ReadonlyMap<number, BookedTicket>,
): string[] {
  const name = `${record.sale}.${record.number}`
  const ticket = tickets.get(record.number)
  if (record.sale !== sale || !ticket) return [`${user} is shown ${name}, which is not theirs`]
  if (record.version > ticket.version)
    return [`${name} is shown in version ${record.version}, and the books know ${ticket.version}`]
  const said = ticket.said.get(record.version)
  const order = record.order?.state ?? null
  // What was not written down to be told is only that somebody waits.
  const [ticketSaid, orderSaid] = said ?? (["queued", null] as const)
  const wrong: string[] = []
  if (record.state !== ticketSaid || order !== orderSaid)
    wrong.push(
      `${name} is shown as ${told(record.state, order)} in version ${record.version}, and the books say ${told(ticketSaid, orderSaid)}`,
    )
  if (record.item !== ticket.item) wrong.push(`${name} is shown for ${record.item} and is for ${ticket.item}`)
  return wrong
}

interface Behind {
  readonly ticket: BookedTicket
  readonly why: string
}

/** Whether a channel's last word is not the newest about the ticket that matters. */
function behindIn(
  records: readonly TicketRecord[],
  tickets: ReadonlyMap<number, BookedTicket>,
): Behind | null {
  const ticket = standing(tickets)
  if (!ticket) return null
  const name = `${ticket.sale}.${ticket.number}`
  const last = records.at(-1)
  if (!last) return { ticket, why: `${name} has an empty channel` }
  if (last.number !== ticket.number)
    return {
      ticket,
      why: `${name} is the ticket that matters, and its channel shows ${last.number} last`,
    }
  if (last.version === ticket.version) return null
  const why = `${name} is shown in version ${last.version} and has been ${told(ticket.state, ticket.order)} in version ${ticket.version} for a while`
  return { ticket, why }
}

function standing(tickets: ReadonlyMap<number, BookedTicket>): BookedTicket | null {
  const numbers = [...tickets.keys()].sort((a, b) => b - a)
  const live = numbers.filter((number) => tickets.get(number)?.isLive).at(-1)
  return tickets.get(live ?? numbers[0] ?? 0) ?? null
}

const told = (state: string, order: string | null): string => (order === null ? state : `${state}, ${order}`)

async function readAll(
  holdersToRead: readonly ChannelOwner[],
  read: ChannelReader,
): Promise<(readonly TicketRecord[])[]> {
  const shown: (readonly TicketRecord[])[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    for (let at = next++; at < holdersToRead.length; at = next++) {
      const { user, sale } = holdersToRead[at] as ChannelOwner
      shown[at] = await read(user, sale)
    }
  }
  await Promise.all(Array.from({ length: atOnceMax }, lane))
  return shown
}
