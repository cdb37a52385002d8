// The errors of Redis and of the network to it, in words for operators and publishers. Nothing here holds a secret.
import { LabaError } from "../../wire/error.ts"

/** Seconds after which a publisher may try again: a Redis is back, or a replica in its place, within a few. */
const retryAfterSeconds = 2

/** What keeps a Redis from being used. The class is named in lines of the log. */
export class RedisTrouble extends Error {
  override readonly name = "RedisTrouble"
  /** Whether trying again may help: false for what a person must change. */
  readonly passing: boolean

  constructor(says: string, options: { readonly passing: boolean; readonly cause?: unknown }) {
    super(says, { cause: options.cause })
    this.passing = options.passing
  }
}

/** The first word of a reply that is an error, such as `NOSCRIPT`; empty for everything else. */
export function replyCodeOf(error: unknown): string {
  if (!(error instanceof Error) || error.name !== "ReplyError") return ""
  return /^[A-Z]+/.exec(error.message)?.[0] ?? ""
}

/** An error reply that came as text, inside an answer. */
export function replyError(text: string): Error {
  const error = new Error(text)
  error.name = "ReplyError"
  return error
}

/** For error replies: what they mean and, where a person can do something, what. Each completes "Redis at … ". */
const meanings: ReadonlyMap<string, readonly [says: string, passing: boolean]> = new Map([
  ["WRONGPASS", ["refuses this user or password", false]],
  ["NOAUTH", ["wants a password; give it in the address, as in redis://user:password@host", false]],
  ["NOPERM", ["does not let this user do what is needed; see the guide for its rights", false]],
  ["OOM", ["is full (maxmemory); publishes wait for room", true]],
  ["READONLY", ["is a replica and takes no writes", true]],
  ["MISCONF", ["cannot write its data to its disk, and takes no writes", true]],
  ["NOREPLICAS", ["has too few replicas to take writes (min-replicas-to-write)", true]],
  ["LOADING", ["is loading its data", true]],
  ["MASTERDOWN", ["has lost its master", true]],
  ["CLUSTERDOWN", ["belongs to a Cluster that is down", true]],
  ["TRYAGAIN", ["is moving these keys to another node of the Cluster", true]],
  ["ASK", ["is moving these keys to another node of the Cluster", true]],
  ["MOVED", ["is not the node of the Cluster that holds these keys", true]],
  ["UNDECIDED", ["was restarted, and not every node has said yet what it saw before", true]],
  ["BUSY", ["is busy with a script that does not end", true]],
])

/** Reads an error of a connection to Redis. */
export function redisErrorOf(error: unknown, where: string): RedisTrouble {
  if (error instanceof RedisTrouble) return error
  const meaning = meanings.get(replyCodeOf(error))
  if (meaning) return new RedisTrouble(`${where} ${meaning[0]}`, { passing: meaning[1], cause: error })
  const message = error instanceof Error ? error.message : String(error)
  // `ERR AUTH <password> called without any password configured` of servers that have no password.
  if (/without any password|no password is set/i.test(message))
    return new RedisTrouble(`${where} has no password, and one is given`, { passing: false })
  if (replyCodeOf(error) !== "")
    return new RedisTrouble(`${where} says: ${message}`, { passing: true, cause: error })
  const code = error instanceof Error && "code" in error ? String(error.code) : ""
  return new RedisTrouble(`${where} cannot be reached (${reasons.get(code) ?? (code || message)})`, {
    passing: true,
    cause: error,
  })
}

const reasons: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "nothing listens there"],
  ["ENOTFOUND", "no such host"],
  ["ETIMEDOUT", "no answer"],
  ["ECONNRESET", "the connection was cut"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "its certificate is vouched for by nobody whom we trust"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "its certificate is vouched for by nobody whom we trust"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "its certificate is vouched for by nobody whom we trust"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "its certificate is vouched for by nobody whom we trust"],
  ["CERT_HAS_EXPIRED", "its certificate has expired"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "its certificate is for another name"],
])

/** The same for whoever asked for something. What was sent and not answered may have been done or not. */
export function unavailable(error: unknown, where: string): LabaError {
  if (error instanceof LabaError) return error
  const says = redisErrorOf(error, where).message
  return new LabaError("engine_unavailable", `${says.charAt(0).toUpperCase()}${says.slice(1)}.`, {
    cause: error,
    retryAfterSeconds,
  })
}
