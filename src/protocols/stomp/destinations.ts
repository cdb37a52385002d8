// Which channel a destination means, by the mapping of Spring's brokers. Pure: who `me` is, and whether they may, others say.
import { LabaError } from "../../../wire/error.ts"

/** The prefixes of a profile, without a slash at the end. */
export interface DestinationProfile {
  /** What is sent below it goes to the application. */
  readonly app: string
  /** What lies below it belongs to one user. */
  readonly user: string
}

export const springProfile: DestinationProfile = { app: "/app", user: "/user" }

/** What a destination means. */
export type Meaning =
  | { readonly kind: "channel"; readonly name: string }
  /** The listener's own; `topic` begins with a slash. */
  | { readonly kind: "own"; readonly topic: string }
  /** Another user's. */
  | { readonly kind: "of-user"; readonly user: string; readonly topic: string }

/** How brokers write patterns: Spring and RabbitMQ with `*` and `#`, ActiveMQ with `>` as the last part. */
const pattern = /[*#]|[./]>$/

/** What a client listens to: below the prefix of users lies what is its own. Throws `bad_channel`. */
export function readSubscribed(destination: string, profile: DestinationProfile): Meaning {
  if (pattern.test(destination))
    throw new LabaError(
      "bad_channel",
      "A destination is one channel: patterns are not listened to. In a name a `*` is spelled `%2A`, a `#` `%23` and a `>` `%3E`.",
    )
  refuseTemporary(destination, profile)
  const topic = below(destination, profile.user)
  if (topic === null) return { kind: "channel", name: destination }
  refuseEmptyParts(destination)
  return { kind: "own", topic }
}

/** Where a client sends to: below the prefix of users stands whose it is. Throws `bad_channel`. */
export function readSentTo(destination: string, profile: DestinationProfile): Meaning {
  refuseTemporary(destination, profile)
  const rest = below(destination, profile.user)
  if (rest === null) return { kind: "channel", name: destination }
  refuseEmptyParts(destination)
  const end = rest.indexOf("/", 1)
  if (end < 0)
    throw new LabaError(
      "bad_channel",
      `A user's destination is ${profile.user}, the user and a name: ${profile.user}/alice/queue/x.`,
    )
  return { kind: "of-user", user: decodeUser(rest.slice(1, end)), topic: rest.slice(end) }
}

/**
 * In RabbitMQ and ActiveMQ what is below these is one connection's alone, however many use the name. Here it would be everybody's:
 * what is answered to one would reach them all. Throws `bad_channel`.
 */
export function refuseTemporary(destination: string, { user }: DestinationProfile): void {
  if (below(destination, "/temp-queue") === null && below(destination, "/temp-topic") === null) return
  throw new LabaError(
    "bad_channel",
    `There are no temporary destinations. What is one's own is subscribed to as ${user}/queue/x; who answers sends to ${user}/<name>/queue/x, where \`session\` of CONNECTED stands for who has no name.`,
  )
}

/** Where the application's answer to something sent is expected; null when it was not sent to the application. */
export function replyDestination(destination: string, { app, user }: DestinationProfile): string | null {
  const rest = below(destination, app)
  return rest === null ? null : `${user}/queue${rest}`
}

/** Where what is pushed to one connection is expected when it answers nothing. */
export const directDestination = ({ user }: DestinationProfile): string => `${user}/queue/direct`

/** Said here, of what the client wrote: the name of a user's channel would be spelled in another way, and tell the client nothing. */
function refuseEmptyParts(destination: string): void {
  if (destination.endsWith("/") || destination.includes("//"))
    throw new LabaError(
      "bad_channel",
      `${JSON.stringify(destination.slice(0, 100))} has an empty part; there is no \`/\` at its end and no \`//\`.`,
    )
}

/** What follows a prefix, with its slash. */
function below(destination: string, prefix: string): string | null {
  return destination.startsWith(`${prefix}/`) ? destination.slice(prefix.length) : null
}

function decodeUser(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new LabaError("bad_channel", "The user in a destination is percent-encoded UTF-8.")
  }
}
