// What is read from in the bench of ingest: a broker of its own, how it is written to, and how each server is told to read it.

/** A message goes to one listener: the number of its channel says to whom. */
export interface BenchSource extends AsyncDisposable {
  /** Writes messages `from` to `from + count`; resolves when the broker has them. */
  write(reader: string, from: number, count: number): Promise<void>
  /** A place that nobody has read from. */
  prepare(reader: string): Promise<void>
  /** Of an ingest of Laba: its source, and where its messages go. */
  laba(reader: string): Readonly<Record<string, unknown>>
  /** A consumer of Centrifugo; null where it has none. */
  centrifugo(reader: string): Readonly<Record<string, unknown>> | null
}

export interface Messages {
  readonly listeners: number
  readonly bytes: number
}

export const channelOf = (listener: number): string => `u${String(listener).padStart(8, "0")}`

/** What a publish says, and both servers read: `payload` of a command of Centrifugo. */
export function payloadOf(number: number, { listeners, bytes }: Messages): string {
  const data = { n: number, text: "x".repeat(Math.max(0, bytes - 24)) }
  return JSON.stringify({ channel: channelOf(number % listeners), data })
}
