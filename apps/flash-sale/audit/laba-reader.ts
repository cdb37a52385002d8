// Reads buyers' channels at Laba for the audit: all that a channel still holds, and when it holds nothing, what its owner
// would be given who polls it now. Knows no books.
import { listenToken } from "../delivery/laba/listen-token.ts"
import { resultChannel } from "../model/record.ts"
import type { TicketRecord } from "../model/wire/api.ts"

export interface LabaAccess {
  readonly url: string
  /** May listen to all results; without one only the newest record of each channel is read. */
  readonly key: string | undefined
  /** Signs buyers' tokens. */
  readonly listenSecret: string
}

/** Reads a user's channel of a sale: what was shown there, the oldest first. Rejects when Laba does not answer. */
export type ChannelReader = (user: string, sale: string) => Promise<readonly TicketRecord[]>

/** A channel that takes longer is not read. */
const answerMsMax = 5000

export function labaReader({ url, key, listenSecret }: LabaAccess): ChannelReader {
  const base = url.replace(/\/+$/, "")

  const shownBefore = async (channel: string): Promise<TicketRecord[]> => {
    const answer = await ask(
      `${base}/_/api/channels/history?limit=1000&channel=${encodeURIComponent(channel)}`,
      key ?? "",
    )
    const { messages } = (await answer.json()) as { messages: { data: TicketRecord }[] }
    return messages.map(({ data }) => data)
  }

  // As a buyer polls: what is asked for here is also what makes the shop tell a channel that was forgotten.
  const shownNow = async (user: string, channel: string): Promise<TicketRecord[]> => {
    const answer = await ask(base + channel, listenToken(listenSecret, user, Date.now()))
    if (answer.status !== 204) return [(await answer.json()) as TicketRecord]
    await answer.body?.cancel()
    return []
  }

  return async (user, sale) => {
    const channel = resultChannel(user, sale)
    const shown = key === undefined ? [] : await shownBefore(channel)
    return shown.length > 0 ? shown : shownNow(user, channel)
  }
}

async function ask(url: string, credential: string): Promise<Response> {
  const answer = await fetch(url, {
    headers: { Authorization: `Bearer ${credential}` },
    signal: AbortSignal.timeout(answerMsMax),
  })
  if (!answer.ok) throw new Error(`Laba answered ${answer.status}: ${(await answer.text()).slice(0, 200)}`)
  return answer
}
