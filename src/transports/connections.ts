// The open connections of a node: their ids, and everybody at once when the node goes away. Knows no transport.
import { createHmac, randomBytes } from "node:crypto"

/** One open client: a WebSocket, a stream, a polled session. */
export interface Connection {
  /** Its number on this node, from 1; given by `Connections.add`. */
  number: number
  readonly transport: "websocket" | "sse" | "poll"
  /** Who it belongs to, as `onConnect` said. */
  user: string | undefined
  /** Pushes to this connection alone. False when it cannot take it (a poll). */
  direct(type: string, data: string | Uint8Array): boolean
  /** The node goes away: tells the client to come back after `retryMs`, where the transport can say so, and ends. */
  sendAway(retryMs: number): void
}

/** Bytes of the tag that makes an id unguessable. 96 bits: nobody guesses one connection among millions. */
const tagBytes = 12

/** Connections sent away in one turn: a close is a system call or two, and a slice must stay under 10 ms. */
const sendAwaySlice = 250

export class Connections {
  private readonly open = new Map<number, Connection>()
  private readonly node: string
  private readonly secret = randomBytes(32)
  private count = 0

  /** `node` names this node in every id, so that a cluster knows where a connection lives. */
  constructor(node: string) {
    this.node = node
  }

  get size(): number {
    return this.open.size
  }

  add(connection: Connection): void {
    this.count++
    connection.number = this.count
    this.open.set(this.count, connection)
  }

  remove(connection: Connection): void {
    this.open.delete(connection.number)
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
  }

  find(id: string): Connection | null {
    const [node, number] = id.split("-")
    if (node !== this.node || !number) return null
    const connection = this.open.get(Number.parseInt(number, 36))
    // Comparing the whole printed id checks the tag too; the map look-up above leaks nothing worth guessing.
    return connection && this.idOf(connection.number) === id ? connection : null
  }

  /** Sends everybody away over the window, a slice at a time, so that they do not all come back at once. */
  async sendAllAway(windowMs: number): Promise<void> {
    const leaving = [...this.open.values()]
    const slices = Math.max(1, Math.ceil(leaving.length / sendAwaySlice))
    for (let i = 0; i < slices; i++) {
      for (const connection of leaving.slice(i * sendAwaySlice, (i + 1) * sendAwaySlice)) {
        connection.sendAway(Math.random() * windowMs)
      }
      if (i < slices - 1) await new Promise((resolve) => setTimeout(resolve, windowMs / slices))
    }
  }
}
