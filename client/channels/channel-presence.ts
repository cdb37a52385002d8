// Who listens to a channel, as the application is told: who is there, who came, who left. It watches while somebody
// listens for that, and after a lost connection tells what happened meanwhile.
import type { PresenceMember, ServerFrame } from "../../wire/frames.ts"
import type { SendCommand } from "../connection/pending-commands.ts"
import type { Emitter } from "../emitter.ts"
import { LabaFailure, networkReason, reasonOf } from "../reason.ts"
import type { ChannelEvents } from "./channel.ts"

/** What is told by it, and starts the watching. */
const presenceEvents: readonly (keyof ChannelEvents)[] = ["presence", "join", "leave"]

interface ChannelPresence {
  /** Asks once. Rejects when the connection is not open. */
  query(): Promise<readonly PresenceMember[]>
  /** A listener came or went, or the channel was subscribed. */
  listenersChanged(): void
  /** The connection is away: who watched must watch anew. */
  disconnected(): void
  receive(frame: ServerFrame & { op: "members" }): void
}

interface ChannelPresenceOptions {
  readonly name: string
  readonly emitter: Pick<Emitter<ChannelEvents>, "has" | "emit">
  readonly sendCommand: SendCommand
  isConnected(): boolean
  /** The channel is subscribed. */
  isOpen(): boolean
}

export function createChannelPresence(options: ChannelPresenceOptions): ChannelPresence {
  const { name: channel, emitter, sendCommand, isConnected, isOpen } = options
  let isWatching = false
  // Null until the first answer: who was there before anybody looked has not just come.
  let known: Map<string, PresenceMember> | null = null
  // A frame may repeat what the answer has said already: whoever comes hears of their own coming.
  let isNews = false

  const emitAll = (members: Map<string, PresenceMember>): void =>
    emitter.emit("presence", [...members.values()])
  const join = (member: PresenceMember): void => {
    if (!known || known.has(member.user)) return
    isNews = true
    known.set(member.user, member)
    emitter.emit("join", member)
  }
  const leave = (user: string): void => {
    const member = known?.get(user)
    if (!member) return
    isNews = true
    known?.delete(user)
    emitter.emit("leave", member)
  }
  const compare = (members: readonly PresenceMember[], isWhole: boolean): void => {
    const now = new Map(members.map((member) => [member.user, member]))
    if (known) {
      // Of a list that was cut nothing follows for who is not on it.
      if (isWhole) for (const user of [...known.keys()]) if (!now.has(user)) leave(user)
      for (const member of members) join(member)
    } else known = now
    emitAll(known)
  }

  return {
    query() {
      return new Promise((resolve, reject) => {
        const none = networkReason("The connection is not open.")
        if (!isConnected()) return reject(new LabaFailure(none))
        sendCommand({ op: "presence", channel }, (reply) => {
          if (reply?.op === "presence") {
            emitter.emit("presence", reply.members)
            resolve(reply.members)
          } else reject(new LabaFailure(reply?.op === "error" ? reasonOf(reply) : none))
        })
      })
    },
    listenersChanged() {
      const isWanted = presenceEvents.some(emitter.has)
      if (isWanted && !isWatching && isOpen()) {
        isWatching = true
        sendCommand({ op: "presence", channel, watch: true }, (reply) => {
          if (reply?.op === "presence") compare(reply.members, reply.members.length === reply.users)
          else isWatching = false
        })
      } else if (!isWanted && isWatching) {
        isWatching = false
        known = null
        if (isConnected()) sendCommand({ op: "presence", channel, watch: false }, () => {})
      }
    },
    disconnected() {
      isWatching = false
    },
    receive({ joined, left }) {
      if (!isWatching || !known) return
      isNews = false
      for (const user of left) leave(user)
      for (const member of joined) join(member)
      if (isNews) emitAll(known)
    },
  }
}
