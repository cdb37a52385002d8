// Users' own channels, `/@<user>/…`: which part of a name is a user, and whose channel one is. Every user has exactly one part, and
// no two share one.
import { LabaError } from "../../../wire/error.ts"
import type { Channel } from "../../channels/channel.ts"
import { canonicalPart, type NameSource, parseChannel } from "../../channels/name.ts"
import type { Identity } from "../access.ts"

/** The longest user, as a part of a name. What is left of 255 bytes is room for the topic. */
export const userBytesMax = 200

/** What a part of a name cannot hold, escaped or not, and the percent sign that would make the escapes ambiguous. */
// oxlint-disable-next-line no-control-regex
const unsafe = /[%/\\\u0000-\u001f\u007f-\u009f\ufffd]/g

const encoder = new TextEncoder()

/**
 * The part that belongs to a user, in canonical form: `@` and the user, spelled as any part is. Users with a slash, a
 * backslash, a percent sign or control characters are percent-encoded first, so that `a/b` owns `@a%252Fb` and nothing
 * else does. The user `me` owns `@m%2565`, since `@me` means whoever asks. Unicode is compared as it is, unnormalised.
 * Throws `unauthorized` when there is no such part.
 */
export function userPart(user: string): string {
  const known = parts.get(user)
  if (known !== undefined) return known
  if (user === "" || user.length > userBytesMax || !user.isWellFormed()) throw unusable()
  const part = canonicalPart(`@${user === "me" ? "m%2565" : spelledInPart(user)}`)
  if (part.length > userBytesMax) throw unusable()
  remember(user, part)
  return part
}

/**
 * Any text as it is spelled within a part of a name, so that it is that part alone and no two texts are spelled alike: what a part
 * cannot hold is percent-encoded first, and the percent signs of that once more. It is not canonical yet.
 */
export const spelledInPart = (text: string): string =>
  text.replace(unsafe, escaped).replaceAll("%", "%25").replace(/[?#]/g, escaped)

/** Whether a channel is one of some user's own. */
export const isOwned = (channel: Channel): boolean => channel.charCodeAt(1) === atSign

/** Whether a channel is one of this user's own. */
export function isOwnedBy(channel: Channel, user: string): boolean {
  if (!isOwned(channel)) return false
  const end = channel.indexOf("/", 1)
  return channel.slice(1, end < 0 ? undefined : end) === userPart(user)
}

/** Reads a name as somebody means it: `/@me/…` is their own. Throws `bad_channel`, and `unauthorized` for who is no user. */
export function readChannel(identity: Identity, name: string, source: NameSource): Channel {
  const channel = parseChannel(name, source)
  if (!meansMe(channel)) return channel
  if (identity.kind === "token" && identity.user !== undefined) {
    return parseChannel(`/${userPart(identity.user)}${channel.slice("/@me".length)}`, "body")
  }
  throw identity.kind === "anyone"
    ? new LabaError("unauthorized", "`/@me` are the channels of a token's user; no token was shown.")
    : new LabaError("forbidden", "`/@me` are the channels of a token's user, and this credential names none.")
}

/** Whether a channel begins with `/@me`, which stands for whoever asks. */
export const meansMe = (channel: Channel): boolean =>
  isOwned(channel) && (channel === "/@me" || channel.startsWith("/@me/"))

const atSign = 64

const unusable = (): LabaError =>
  new LabaError(
    "unauthorized",
    `A token's \`sub\` is text of 1 to ${userBytesMax} bytes, counted as a channel's name spells it.`,
  )

function escaped(character: string): string {
  let text = ""
  for (const byte of encoder.encode(character)) text += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
  return text
}

/** The users of late. Encoding one costs a microsecond, and each subscribe and publish of an owner needs it. */
const parts = new Map<string, string>()
const partsMax = 10_000

function remember(user: string, part: string): void {
  if (parts.size >= partsMax) parts.clear()
  parts.set(user, part)
}
