// The presence of one node: a room for each channel whose rule keeps presence and where somebody is, or is asked about.
// Without other nodes it is all there is; with them, an exchange joins what each node says.
import { LabaError } from "../../../wire/error.ts"
import type { Channel } from "../../channels/channel.ts"
import type { MaybePromise } from "../../engines/engine.ts"
import type { Part, PresenceExchange, PresenceSource } from "./exchange.ts"
import type { Attendance, PageOf, Presence, Seat, Watcher } from "./presence.ts"
import { Room } from "./room.ts"

/** A user without a connection has left after so long. A page that is loaded again, or a train in a tunnel, is back by then. */
const graceMsUsual = 5000

/** Rooms looked at in one turn: a change is a few microseconds, or a write to Redis. */
const sliceMax = 1000

/** How often changes are told. A list of names is read by people: a quarter of a second is at once. */
const beatMs = 250

interface BoardOptions {
  /** This node's name. */
  readonly node: string
  /** Whether a channel's rule keeps presence. */
  readonly keeps: (channel: Channel) => boolean
  /** Null without other nodes. */
  readonly exchange?: PresenceExchange | null
  readonly graceMs?: number
  /** Milliseconds since 1970. Where it is given, what takes a while is measured by it too. */
  readonly now?: () => number
  /** With it only `beat` moves anything. */
  readonly manual?: boolean
}

export class Board implements Presence, PresenceSource {
  private readonly options: BoardOptions
  private readonly exchange: PresenceExchange | null
  private readonly rooms = new Map<Channel, Room>()
  /** Rooms with something to do. */
  private readonly busy = new Set<Room>()
  private beating = false
  private readonly timer: ReturnType<typeof setInterval> | null

  constructor(options: BoardOptions) {
    this.options = options
    this.exchange = options.exchange ?? null
    this.exchange?.begin(this)
    this.timer = options.manual ? null : setInterval(() => this.beat(), beatMs)
    this.timer?.unref()
  }

  enter(channel: Channel, user: string | undefined): Seat | null {
    if (!this.options.keeps(channel)) return null
    const room = this.roomOf(channel)
    room.enter(user)
    return new RoomSeat(room, user)
  }

  attendance(channel: Channel, page: PageOf): MaybePromise<Attendance> {
    this.checkKept(channel)
    if (!this.exchange) return this.rooms.get(channel)?.attendance(page) ?? nobody
    return this.roomOf(channel).attend(page)
  }

  watch(channel: Channel, watcher: Watcher, page: PageOf): MaybePromise<Attendance> {
    this.checkKept(channel)
    const room = this.roomOf(channel)
    // First of all: what happens while other nodes are asked is told, if twice.
    room.watch(watcher)
    if (!this.exchange) return room.attendance(page)
    return room.attend(page).catch((error: unknown) => {
      room.unwatch(watcher)
      throw error
    })
  }

  unwatch(channel: Channel, watcher: Watcher): void {
    const room = this.rooms.get(channel)
    if (!room) return
    room.unwatch(watcher)
  }

  rulesChanged(): void {
    for (const [channel, room] of this.rooms) {
      if (this.options.keeps(channel)) continue
      room.close()
    }
  }

  *channels(): Iterable<Channel> {
    yield* this.rooms.keys()
  }

  part(channel: Channel): Part {
    return this.rooms.get(channel)?.part() ?? { members: [], guests: 0 }
  }

  takePart(channel: Channel): Part {
    return this.rooms.get(channel)?.takePart() ?? { members: [], guests: 0 }
  }

  /** Tells what changed and lets leave who is due. The board does so by itself. */
  beat(): void {
    if (this.beating) return
    this.beatSlice([...this.busy])
  }

  private beatSlice(rooms: Room[]): void {
    for (const room of rooms.splice(0, sliceMax)) {
      if (room.beat()) continue
      this.busy.delete(room)
      if (room.isEmpty) this.rooms.delete(room.channel)
    }
    this.beating = rooms.length > 0
    if (this.beating) setImmediate(() => this.beatSlice(rooms))
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer)
  }

  private readonly wake = (room: Room): void => void this.busy.add(room)

  private roomOf(channel: Channel): Room {
    let room = this.rooms.get(channel)
    if (!room) {
      const { node, graceMs = graceMsUsual, now } = this.options
      const clock = now ? { now, monotonic: now } : systemClock
      room = new Room({ channel, node, graceMs, ...clock, exchange: this.exchange, wake: this.wake })
      this.rooms.set(channel, room)
    }
    return room
  }

  private checkKept(channel: Channel): void {
    if (this.options.keeps(channel)) return
    throw new LabaError(
      "not_found",
      `Who listens to ${channel} is not kept; a rule with \`presence: true\` keeps it.`,
    )
  }
}

const systemClock = { now: () => Date.now(), monotonic: () => performance.now() }

const nobody: Attendance = { members: [], next: null, users: 0, guests: 0 }

/** One connection in a room. */
class RoomSeat implements Seat {
  private room: Room | null
  private readonly user: string | undefined

  constructor(room: Room, user: string | undefined) {
    this.room = room
    this.user = user
  }

  leave(): void {
    this.room?.leave(this.user)
    this.room = null
  }
}
