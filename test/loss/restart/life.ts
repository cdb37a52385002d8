// A listener from its first word until it is sent away: what it heard, and how many publishes were accepted at the moment
// of its end.
import { type Listener, textOf } from "../../support/heard.ts"
import { RawConnection, unchunk } from "../../support/raw-tcp.ts"
import { parserFor, SseListener } from "../../support/sse-stream.ts"
import { sse, type Transport } from "../../support/transports.ts"

/** What one listener heard until it was sent away. */
export interface Life {
  readonly transport: Transport
  readonly heard: readonly number[]
  /** What it resumes from. */
  readonly cursor: string | null
  /** When it was told to come back, where the transport can say so. */
  readonly retryMs: number | null
  /** Publishes accepted at the moment when its end was seen, and that moment. */
  readonly acceptedAtEnd: number
  readonly endedAtMs: number
}

interface LifeOptions {
  readonly base: string
  readonly channel: string
  /** Publishes accepted so far. */
  readonly accepted: () => number
}

type Words = Pick<Life, "heard" | "cursor" | "retryMs">

/** Resolves once the listener is connected. In an object, or awaiting it would wait for the end as well. */
export async function listenForLife(
  transport: Transport,
  options: LifeOptions,
): Promise<{ readonly ended: Promise<Life> }> {
  // Streams over bare TCP: what fetch reads comes by way of another thread, and so after what was read later here.
  const ending = transport === sse ? await streamBare(options) : await listen(transport, options)
  const end = async (): Promise<Life> => {
    await ending.end
    const moment = { acceptedAtEnd: options.accepted(), endedAtMs: Date.now() }
    return { transport, ...ending.words(), ...moment }
  }
  return { ended: end() }
}

interface Ending {
  readonly end: Promise<void>
  /** Once it has ended. */
  words(): Words
}

async function listen(transport: Transport, { base, channel }: LifeOptions): Promise<Ending> {
  const listener = await transport.open(base, channel)
  const heard: number[] = []
  const end = async (): Promise<void> => {
    // A poller has no connection to be sent away from: it finds the door closed.
    while (!(await hearOne(listener, heard, !transport.isHeld)));
    await listener[Symbol.asyncDispose]()
  }
  return { end: end(), words: () => ({ heard, cursor: lastCursor(listener), retryMs: null }) }
}

/** True at the end. */
async function hearOne(listener: Listener, heard: number[], mayFail: boolean): Promise<boolean> {
  const word = await listener.next(60_000).catch((error: unknown) => {
    if (mayFail) return { kind: "end" } as const
    throw error
  })
  if (word.kind === "reset") throw new Error(`reset before the restart: ${listener.inbox.story()}`)
  if (word.kind === "message") heard.push(Number(textOf(word)))
  return word.kind === "end"
}

const lastCursor = ({ inbox }: Listener): string | null =>
  inbox.seen.reduce<string | null>((last, word) => ("cursor" in word ? (word.cursor ?? last) : last), null)

async function streamBare({ base, channel }: LifeOptions): Promise<Ending> {
  const connection = await RawConnection.open(base)
  connection.request(`GET ${channel}`, [`Host: ${new URL(base).host}`, "Accept: text/event-stream"])
  await connection.until(() => (connection.text.includes("id:") ? true : null))
  const end = async (): Promise<void> => {
    // It gives up after some seconds of waiting; a longer life is no mistake here.
    while (!connection.ended) await connection.closed().catch(() => {})
  }
  const words = (): Words => {
    const listener = new SseListener(`SSE ${channel}`, () => {})
    const answer = connection.text
    parserFor(listener).push(Buffer.from(unchunk(answer.slice(answer.indexOf("\r\n\r\n") + 4)), "latin1"))
    const heard = listener.inbox.seen.flatMap((word) =>
      word.kind === "message" ? [Number(textOf(word))] : [],
    )
    return { heard, cursor: lastCursor(listener), retryMs: listener.retries.at(-1) ?? null }
  }
  return { end: end(), words }
}
