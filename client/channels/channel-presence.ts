// Who listens to a channel, as the application is told: who is there, who came, who left. It watches while somebody
// listens for that, and after a lost connection tells what happened meanwhile.
import type { PresenceMember, ServerFrame } from "../../wire/frames.ts"
import type { ChannelEvents } from "./channel.ts"
import type { Listeners } from "../emitter.ts"
import { LabaFailure, type Reason, reasonOfFrame } from "../reason.ts"
import type { Ask } from "../connection/pending-commands.ts"

/** What is told by it, and starts the watching. */
const told: readonly (keyof ChannelEvents)[] = ["presence", "join", "leave"]

interface Attendance {
  /** Asks once. Rejects when the connection is not open. */
  ask(): Promise<readonly PresenceMember[]>
  /** A listener came or went, or the channel was subscribed. */
  review(): void
  /** The connection is away: who watched must watch anew. */
  detach(): void
  hear(frame: ServerFrame & { op: "members" }): void
}

interface AttendanceOptions {
  readonly name: string
  readonly listeners: Pick<Listeners<ChannelEvents>, "has" | "emit">
  readonly ask: Ask
  isConnected(): boolean
  /** The channel is subscribed. */
  isOpen(): boolean
}

export function createAttendance(options: AttendanceOptions): Attendance {
  const { name, listeners, ask, isConnected, isOpen } = options
  let isWatching = false
  // Null until the first answer: who was there before anybody looked has not just come.
  let known: Map<string, PresenceMember> | null = null
  // A frame may repeat what the answer has said already: whoever comes hears of their own coming.
  let isNews = false

  const tellAll = (): void => listeners.emit("presence", known ? [...known.values()] : [])
  const come = (member: PresenceMember): void => {
    if (!known || known.has(member.user)) return
    isNews = true
    known.set(member.user, member)
    listeners.emit("join", member)
  }
  const go = (user: string): void => {
    const member = known?.get(user)
    if (!member) return
    isNews = true
    known?.delete(user)
    listeners.emit("leave", member)
  }
  const compare = (members: readonly PresenceMember[], isWhole: boolean): void => {
    if (!known) {
      known = new Map(members.map((member) => [member.user, member]))
      return
    }
    const now = new Set(members.map(({ user }) => user))
    // Of a list that was cut nothing follows for who is not on it.
    if (isWhole) for (const user of [...known.keys()]) if (!now.has(user)) go(user)
    for (const member of members) come(member)
  }
  const watch = (): void => {
    isWatching = true
    ask({ op: "presence", channel: name, watch: true }, (reply) => {
      if (reply?.op !== "presence") {
        isWatching = false
        return
      }
      compare(reply.members, reply.members.length === reply.users)
      tellAll()
    })
  }

  return {
    ask() {
      return new Promise((resolve, reject) => {
        const none: Reason = { code: "network", retry: "back-off", detail: "The connection is not open." }
        if (!isConnected()) return reject(new LabaFailure(none))
        ask({ op: "presence", channel: name }, (reply) => {
          if (reply?.op === "presence") {
            listeners.emit("presence", reply.members)
            resolve(reply.members)
          } else reject(new LabaFailure(reply?.op === "error" ? reasonOfFrame(reply) : none))
        })
      })
    },
    review() {
      const isWanted = told.some((event) => listeners.has(event))
      if (isWanted && !isWatching && isOpen()) watch()
      else if (!isWanted && isWatching) {
        isWatching = false
        known = null
        if (isConnected()) ask({ op: "presence", channel: name, watch: false }, () => {})
      }
    },
    detach() {
      isWatching = false
    },
    hear({ joined, left }) {
      if (!isWatching || !known) return
      isNews = false
      for (const user of left) go(user)
      for (const member of joined) come(member)
      if (isNews) tellAll()
    },
  }
}
