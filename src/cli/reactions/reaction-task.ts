// What `laba on` and `laba forward` share: their flags, the road of a message from the channel to the reaction, and the
// list of what was set aside. Knows no reaction.
import { join } from "node:path"
import { FileAside } from "../../reactions/file-aside.ts"
import { FilePlace } from "../../reactions/file-place.ts"
import type { Reaction } from "../../reactions/reaction.ts"
import { react } from "../../reactions/react.ts"
import { tryAgain } from "../../reactions/try-again.ts"
import { type Address, channelUrl, readAddress, urlFlag } from "../flags/server-address.ts"
import type { FlagValues } from "../arguments.ts"
import { exit, CommandError, UsageError } from "../command.ts"
import { readCursor } from "../flags/cursors.ts"
import { sayUntilRefused } from "../channels/connection-status.ts"
import { defaultFolder, ownFolder } from "./reaction-folder.ts"
import { credential } from "../flags/secrets.ts"
import { stopBySignal } from "../signals.ts"
import { readTime, readWhole } from "../flags/quantities.ts"
import { messageText } from "../channels/message-text.ts"
import { printJsonText, say } from "../terminal.ts"

export const sharedFlags = {
  "at-once": {
    type: "string",
    value: "<n>",
    says: "so many messages under way; default 1, which keeps the order",
  },
  tries: { type: "string", value: "<n>", says: "then it is set aside with its reason; default 6" },
  timeout: { type: "string", value: "<time>", says: "how long one try may take; default 60s" },
  after: {
    type: "string",
    value: "<cursor>",
    says: "where the very first run begins; default: from now on",
  },
  state: {
    type: "string",
    value: "<dir>",
    says: "where place and set-aside messages are kept; default one of its own",
  },
  name: { type: "string", value: "<name>", says: "tells several at one channel apart; default none" },
  aside: { type: "boolean", says: "list what was set aside, and end" },
  retry: { type: "boolean", says: "try what was set aside again, and end" },
  url: urlFlag,
} as const

interface ReactionTask {
  readonly verb: "on" | "forward"
  readonly address: Address
  /** The channel's canonical name. */
  readonly channel: string
  readonly folder: string
  readonly aside: FileAside
  readonly atOnce: number
  readonly tries: number
  readonly timeoutMs: number
  readonly after: string | undefined
}

/** How long a reaction under way may take to end after a signal; a second signal ends at once. */
const patienceMs = 10_000

export function readReactionTask(
  verb: ReactionTask["verb"],
  word: string | undefined,
  given: FlagValues<typeof sharedFlags>,
): ReactionTask {
  if (given.aside && given.retry) throw new UsageError("--aside lists, --retry tries again; give one of them")
  const address = readAddress(word, given.url)
  const channel = new URL(channelUrl(address)).pathname
  const identity = { verb, server: address.server, channel, name: given.name ?? "" }
  if (given.state === "") throw new UsageError("--state is a folder, not nothing")
  const folder = given.state ?? defaultFolder(identity)
  return {
    verb,
    address,
    channel,
    folder,
    aside: new FileAside(join(folder, "aside")),
    atOnce: readWhole("--at-once", given["at-once"] ?? "1", { min: 1, max: 1000 }),
    tries: readWhole("--tries", given.tries ?? "6", { min: 1, max: 1000 }),
    timeoutMs: readTime("--timeout", given.timeout ?? "60s"),
    after: readCursor(given.after),
  }
}

/** Reacts to each message until a signal comes. */
export async function reactTo(task: ReactionTask, reaction: Reaction): Promise<number> {
  using _ = ownFolder(task.folder)
  const { address, channel: name, folder } = task
  const token = credential()
  const reacting = await react({
    ...task,
    url: address.server,
    channel: name,
    ...(token && { token: () => token }),
    reaction,
    place: new FilePlace(join(folder, "place.json"), { server: address.server, channel: name }),
    onFailure({ id, cursor }, { reason, attempts, waitMs }) {
      const then =
        waitMs === null
          ? `set aside after ${attempts === 1 ? "one try" : `${attempts} tries`}`
          : `again in ${(waitMs / 1000).toFixed(1)} s`
      say(`laba: ${id} (${cursor}) failed: ${reason}; ${then}`)
    },
    onReset: (detail) =>
      say(
        `\nlaba: RESET: ${detail} Messages were published that nobody will react to here.\n` +
          "laba: going on with those that are still kept, or from now on where the numbering is another; a longer `history` keeps more\n",
      ),
  }).catch(failure)
  const stopped = stopBySignal(() => reacting.stop(patienceMs))
  const failed = reacting.failed.catch(failure)
  failed.catch(() => {})
  try {
    const refused = sayUntilRefused(reacting.laba, reacting.channel, address.server)
    // Also before it ever was connected it ends when it is told to.
    const begun = await Promise.race([reacting.ready, refused, failed, stopped.then(() => null)])
    if (begun === null) return exit.ok
    const { cursor, history } = begun
    if (history === "none")
      say(`laba: ${name} keeps no history: what is published while this is down, or slow, is missed`)
    say(
      `laba: reacting to ${name} after ${reacting.after ?? cursor}; place and set-aside messages in ${folder}`,
    )
    await Promise.race([stopped, refused, failed])
    return exit.ok
  } finally {
    reacting.close()
  }
}

/** Prints what was set aside, a line of JSON each. */
export async function listAside({ aside, folder }: ReactionTask): Promise<number> {
  const found = await aside.list()
  for (const { entry } of found) {
    const { message, reason, attempts, time } = entry
    const facts = JSON.stringify({ time: new Date(time).toISOString(), reason, attempts })
    printJsonText(`${facts.slice(0, -1)},"message":${messageText(message)}}`)
  }
  say(`laba: ${found.length} set aside in ${join(folder, "aside")}`)
  return exit.ok
}

/** Tries once more what was set aside; the answer is 1 when some is left. */
export async function retryAside({ aside, timeoutMs }: ReactionTask, reaction: Reaction): Promise<number> {
  const left = await tryAgain({
    aside,
    reaction,
    timeoutMs,
    onEach: ({ id, cursor }, error) =>
      say(`laba: ${id} (${cursor}) ${error ? `failed: ${error.message}` : "is done"}`),
  })
  say(`laba: ${left} still set aside`)
  return left === 0 ? exit.ok : exit.failed
}

function failure(error: unknown): never {
  throw new CommandError(error instanceof Error ? error.message : String(error), { cause: error })
}
