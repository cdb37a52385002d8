// The open connections of a node: their ids, and everybody at once when the node goes away. Knows no transport.
import { setTimeout as pause } from "node:timers/promises"
import { createHmac, randomBytes } from "node:crypto"
import { type ListPage, PagedMap } from "../../paging/paged-map.ts"
import type { Connection, ProtocolName, TransportName } from "./connection.ts"

/** Bytes of the tag that makes an id unguessable. 96 bits: nobody guesses one connection among millions. */
const tagBytes = 12

/** Connections sent away in one turn: a close is a system call or two, and a slice must stay under 10 ms. */
const sendAwaySliceMax = 250

/** So few are no storm, wherever they go: they need no window, and a developer's Ctrl-C no patience. */
const sendAwaySliceMin = 10

/** Slices follow each other at this distance, where there are enough connections: finer than any client's own jitter. */
const sendAwayStepMs = 50

/** How many, by transport and the protocols that are spoken over it. */
type Counts = Record<TransportName, Partial<Record<ProtocolName, number>>>
type ConnectionCounts = Readonly<Record<TransportName, Readonly<Partial<Record<ProtocolName, number>>>>>

const noCounts = (): Counts => ({
  websocket: { raw: 0, laba: 0, stomp: 0 },
  sse: { raw: 0, laba: 0 },
  poll: { raw: 0, laba: 0 },
  tcp: { stomp: 0 },
  sockjs: { raw: 0, laba: 0, stomp: 0 },
})

function count(counts: Counts, { transport, protocol }: Connection, more: 1 | -1): void {
  counts[transport][protocol] = (counts[transport][protocol] ?? 0) + more
}

/** A user's connections. Most have one, and a map for each of a million users would cost more than all else of theirs. */
interface UserConnections {
  readonly user: string
  first: Connection | null
  more: PagedMap<number, Connection> | null
}

/** A user who is here, and with how many connections. */
interface UserCount {
  readonly user: string
  readonly connections: number
}

export class Connections {
  private readonly open = new PagedMap<number, Connection>()
  /** Those that are over, with a last word to be fetched: by number, and in no list any more. */
  private readonly retired = new Map<number, Connection>()
  private readonly byUser = new PagedMap<string, UserConnections>()
  private readonly counted = { open: noCounts(), opened: noCounts() }
  /** Names this node in every id. */
  readonly node: string
  private readonly secret = randomBytes(32)
  private count = 0
  /** Told whenever a connection of a user came or went. */
  onUser: ((user: string) => void) | null = null

  /** `node` names this node in every id, so that a cluster knows where a connection lives. */
  constructor(node: string) {
    this.node = node
  }

  get size(): number {
    return this.open.size
  }

  /** Those that are open now, and all that ever were. */
  get counts(): Readonly<Record<"open" | "opened", ConnectionCounts>> {
    return this.counted
  }

  get users(): number {
    return this.byUser.size
  }

  add(connection: Connection): void {
    this.addReserved(connection, this.reserve())
  }

  remove(connection: Connection): void {
    const wasKnown = this.unlist(connection) || this.retired.delete(connection.number)
    if (wasKnown) connection.client.left()
  }

  /** It is over, and only `findParting` finds it until it is removed: its last word is still to be fetched. */
  retire(connection: Connection): void {
    if (this.unlist(connection)) this.retired.set(connection.number, connection)
  }

  page(from: number, limit: number): ListPage<Connection> {
    return this.open.page(from, limit)
  }

  usersPage(from: number, limit: number): ListPage<UserCount> {
    const { items, next } = this.byUser.page(from, limit)
    return { items: items.map((entry) => ({ user: entry.user, connections: sizeOf(entry) })), next }
  }

  /** The connections of one user, a page of them. */
  ofUser(user: string, from: number, limit: number): ListPage<Connection> {
    const entry = this.byUser.get(user)
    if (entry?.more) return entry.more.page(from, limit)
    return { items: entry?.first && from === 0 ? [entry.first] : [], next: null }
  }

  /** The id of a number. It is made on demand, since most connections are never asked for theirs. */
  idOf(number: number): string {
    const tag = createHmac("sha256", this.secret).update(String(number)).digest().subarray(0, tagBytes)
    return `${this.node}-${number.toString(36)}-${tag.toString("base64url")}`
  }

  /** A number of its own for somebody who is not open yet, or never will be. */
  reserve(): number {
    this.count++
    return this.count
  }

  /** Opens a connection under a number that was reserved before. */
  addReserved(connection: Connection, number: number): void {
    connection.number = number
    this.open.set(number, connection)
    count(this.counted.open, connection, 1)
    count(this.counted.opened, connection, 1)
    if (connection.user !== undefined) this.addOfUser(connection, connection.user)
    connection.client.opened(connection)
  }

  /** Says whose connection one is that was open before anybody knew. */
  nameUser(connection: Connection, user: string): void {
    connection.user = user
    if (this.open.get(connection.number) === connection) this.addOfUser(connection, user)
  }

  countOfUser(user: string): number {
    const entry = this.byUser.get(user)
    return entry ? sizeOf(entry) : 0
  }

  find(id: string): Connection | null {
    return this.findIn(this.open, id)
  }

  findRetired(id: string): Connection | null {
    return this.findIn(this.retired, id)
  }

  /** Sends everybody away over the window, a slice at a time, so that they do not all come back at once. */
  async sendAllAway(windowMs: number, wait: (ms: number) => Promise<void> = pause): Promise<void> {
    const leaving = [...this.open.values()]
    const steps = Math.max(
      1,
      Math.ceil(leaving.length / sendAwaySliceMax),
      Math.min(Math.ceil(leaving.length / sendAwaySliceMin), Math.floor(windowMs / sendAwayStepMs)),
    )
    const slice = Math.ceil(leaving.length / steps)
    for (let i = 0; i < steps; i++) {
      for (const connection of leaving.slice(i * slice, (i + 1) * slice)) {
        connection.sendAway(Math.random() * windowMs)
      }
      if (i < steps - 1) await wait(windowMs / steps)
    }
  }

  /** All users who are here. */
  *userNames(): Iterable<string> {
    for (const { user } of this.byUser.values()) yield user
  }

  private findIn(known: { get(number: number): Connection | undefined }, id: string): Connection | null {
    const [node, number] = id.split("-")
    if (node !== this.node || !number) return null
    const connection = known.get(Number.parseInt(number, 36))
    // Comparing the whole printed id checks the tag too; the map look-up above leaks nothing worth guessing.
    return connection && this.idOf(connection.number) === id ? connection : null
  }

  /** Takes it out of every list. False when it was in none. */
  private unlist(connection: Connection): boolean {
    if (!this.open.delete(connection.number)) return false
    count(this.counted.open, connection, -1)
    if (connection.user !== undefined) this.removeOfUser(connection, connection.user)
    return true
  }

  private addOfUser(connection: Connection, user: string): void {
    this.onUser?.(user)
    const entry = this.byUser.get(user)
    if (!entry) return this.byUser.set(user, { user, first: connection, more: null })
    if (!entry.more) {
      entry.more = new PagedMap()
      if (entry.first) entry.more.set(entry.first.number, entry.first)
      entry.first = null
    }
    entry.more.set(connection.number, connection)
  }

  private removeOfUser(connection: Connection, user: string): void {
    const entry = this.byUser.get(user)
    if (!entry) return
    if (entry.first === connection) entry.first = null
    entry.more?.delete(connection.number)
    this.onUser?.(user)
    if (sizeOf(entry) === 0) this.byUser.delete(user)
  }
}

const sizeOf = ({ first, more }: UserConnections): number => (first ? 1 : 0) + (more?.size ?? 0)
