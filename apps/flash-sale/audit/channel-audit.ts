// Compares what the channels show with what the books say. Channels are read first and the books after: what is told was
// written before, so a channel may be behind for a moment, but it never knows more than the books.
import type { Database } from "bun:sqlite"
import { atOneMoment } from "../ledger/snapshot.ts"
import type { TicketRecord } from "../model/record.ts"
import { type BookedTicket, type Holder, holders, readTickets, ticketCount } from "./booked-tickets.ts"
import type { ChannelReader } from "./laba-reader.ts"

export interface ChannelAudit {
  /** Channels that were read. */
  readonly read: number
  /** Tickets that there are: a user who came twice has two, and one channel. */
  readonly of: number
  /** What contradicts the books, or is missing for longer than a telling takes. */
  readonly findings: readonly string[]
  /** Tickets whose channel is behind: to be told again. */
  readonly behind: readonly { readonly sale: string; readonly number: number }[]
}

export interface ChannelAuditOptions {
  readonly database: Database
  readonly read: ChannelReader
  /** How many channels, chosen by chance when there are more. Default: all. */
  readonly channelsMax?: number
  /** How long a channel may be behind the books: the time that it takes to tell. Default 5,000. */
  readonly patienceMs?: number
}

/** Channels that are read at once. */
const atOnceMax = 16

/** Between two looks at a channel that is behind. */
const lookAgainMs = 250

/** Rejects when Laba does not answer. */
export async function auditChannels(options: ChannelAuditOptions): Promise<ChannelAudit> {
  const { database, read, channelsMax = Infinity, patienceMs = 5000 } = options
  const { all, of } = atOneMoment(database, () => ({
    all: holders(database, channelsMax),
    of: ticketCount(database),
  }))
  let looked: readonly Holder[] = all
  const findings: string[] = []
  const deadline = performance.now() + patienceMs
  for (;;) {
    const shown = await readAll(looked, read)
    const booked = atOneMoment(database, () => readTickets(database, looked))
    const behind: { holder: Holder; ticket: BookedTicket; why: string }[] = []
    for (const [at, holder] of looked.entries()) {
      const tickets = booked[at] as ReadonlyMap<number, BookedTicket>
      const records = shown[at] as readonly TicketRecord[]
      findings.push(...records.flatMap((record) => contradictionIn(record, holder, tickets)))
      const late = behindIn(records, tickets)
      if (late) behind.push({ holder, ...late })
    }
    if (behind.length === 0 || performance.now() >= deadline) {
      findings.push(...behind.map(({ why }) => why))
      return {
        read: all.length,
        of,
        findings: [...new Set(findings)],
        behind: behind.map(({ holder, ticket }) => ({ sale: holder.sale, number: ticket.number })),
      }
    }
    looked = behind.map(({ holder }) => holder)
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs))
  }
}

/** What a record says that the books do not. */
function contradictionIn(
  record: TicketRecord,
  { user, sale }: Holder,
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

/** Whether a channel's last word is not the newest about the ticket that matters. */
function behindIn(
  records: readonly TicketRecord[],
  tickets: ReadonlyMap<number, BookedTicket>,
): { ticket: BookedTicket; why: string } | null {
  const ticket = standing(tickets)
  if (!ticket) return null
  const name = `${ticket.sale}.${ticket.number}`
  const last = records.at(-1)
  if (!last) return { ticket, why: `${name} has an empty channel` }
  if (last.number !== ticket.number)
    return { ticket, why: `${name} is the ticket that matters, and its channel shows ${last.number} last` }
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
  holdersToRead: readonly Holder[],
  read: ChannelReader,
): Promise<(readonly TicketRecord[])[]> {
  const shown: (readonly TicketRecord[])[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    for (let at = next++; at < holdersToRead.length; at = next++) {
      const { user, sale } = holdersToRead[at] as Holder
      shown[at] = await read(user, sale)
    }
  }
  await Promise.all(Array.from({ length: atOnceMax }, lane))
  return shown
}
