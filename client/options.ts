// Every option of a connection, with its effect, unit, default and why that default.
import type { Backoff } from "../wire/backoff.ts"
import type { TokenSource } from "./connection/token-source.ts"
import type { Environment, RequestLike } from "./environment.ts"
import type { TransportName } from "./transports/transport.ts"

export interface Options extends Partial<Environment> {
  /** What to try, the best first. Default `["websocket", "sse", "poll"]`. */
  readonly transports?: readonly TransportName[]
  /** Called at every connection and before the token runs out. Throw a `LabaFailure` that stays away to give up. Default: none. */
  readonly token?: TokenSource
  /** `keep` the connection while the page is hidden, or `close` it until it is shown. Default `keep`: people look away from a queue and want to hear their number. */
  readonly whenHidden?: "keep" | "close"
  /** Cookies with HTTP requests, as `fetch` means it. Default `same-origin`. */
  readonly credentials?: NonNullable<RequestLike["credentials"]>
  /** The wait after a loss: random between `minMs` and a bound that doubles up to `maxMs`. Default 500 and 20,000: quick for one, gentle for a crowd. */
  readonly backoff?: Backoff
  /** How long a transport may take to answer a ping before the next is started beside it. Default 2,000: a slow handshake passes, a blocked one is not waited for. */
  readonly raceMs?: number
  /** How long all transports together may take. Default 15,000: three starts of 2 s, and time for the last. */
  readonly connectMs?: number
  /** How long a ping may take after the network came back, the page was shown or the machine woke. Default 2,500: people wait that long. */
  readonly probeMs?: number
  /** After so long on a lesser transport the better ones are tried again. Default 300,000: networks change when people move. */
  readonly upgradeMs?: number
  /** How long the transport that won is tried first. Default 1,800,000, half an hour: about a visit. */
  readonly rememberMs?: number
  /** A publish without an answer for so long rejects with `timeout`. Default 100,000: under the 120 s for which the server knows its key. */
  readonly publishMs?: number
  /** Publishes that may wait for their answers. Default 1,000. */
  readonly publishesMax?: number
  /** Their payloads together, in bytes. Default 1 MiB. */
  readonly publishBytesMax?: number
  /** Messages of one channel that may wait to be read before its subscription rests. Default 1,000: one page of history. */
  readonly bufferMax?: number
}

type Defaulted = Omit<Options, keyof Environment | "token">

/** Options with every default filled in. */
export type Settings = Required<Defaulted> & { readonly token: TokenSource | null }

const transportNames: readonly TransportName[] = ["websocket", "sse", "poll"]

/** Fills in what was not given, or given as undefined. Throws `TypeError` for what could only fail again and again. */
export function settingsOf(options: Options): Settings & Partial<Environment> {
  const settings = {
    transports: transportNames,
    token: null,
    whenHidden: "keep" as const,
    credentials: "same-origin" as const,
    backoff: { minMs: 500, maxMs: 20_000 },
    raceMs: 2_000,
    connectMs: 15_000,
    probeMs: 2_500,
    upgradeMs: 300_000,
    rememberMs: 1_800_000,
    publishMs: 100_000,
    publishesMax: 1_000,
    publishBytesMax: 1_048_576,
    bufferMax: 1_000,
    ...(Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options),
  }
  const { token, transports } = settings
  if (token !== null && typeof token !== "function")
    throw new TypeError("`token` is a function that gives the token")
  if (!transports[0] || ![...transports].every((name) => transportNames.includes(name)))
    throw new TypeError(`\`transports\` are some of ${transportNames.join(", ")}, not: ${transports}`)
  return settings
}
