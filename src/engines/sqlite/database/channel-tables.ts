// The tables of channels and their messages. Every write here is a step of a transaction that somebody else began; every
// list and every delete is bounded.
import type { Channel } from "../../../channels/channel.ts"
import type { OwnerName } from "../../publisher-shares.ts"
import { printMessageHeaders, readMessageHeaders } from "../../../../wire/message-headers.ts"
import type { Message } from "../../engine.ts"
import type { DatabaseFile } from "./database-file.ts"

/** A channel as it is on disk. Messages below `first` are dropped and may still be there. */
export interface ChannelRow {
  readonly id: number
  readonly name: Channel
  readonly epoch: number
  /** Offset of the last message that is in the tables. */
  readonly head: number
  readonly first: number
  /** Payload bytes of `first` to `head`. */
  readonly bytes: number
  /** How long its messages are kept, in milliseconds; null when nothing is left to expire. */
  readonly keep_ms: number | null
  /** When to look for expired messages. */
  readonly due: number | null
  readonly used: number
  /** Who answers for it in the budget; null where nobody has a share. */
  readonly owner: OwnerName | null
}

/** A place in the order of use. */
export type RowUse = Pick<ChannelRow, "used" | "id">

interface MessageRow {
  readonly offset: number
  readonly type: string
  readonly id: string
  readonly time: number
  readonly bytes: number
  readonly data: string | Uint8Array
  readonly headers: string | null
}

export interface Size {
  readonly bytes: number
  readonly time: number
}

/** What all channels together hold. */
export interface Totals {
  readonly channels: number
  readonly messages: number
  readonly bytes: number
}

const rowColumns = "id, name, epoch, head, first, bytes, keep_ms, due, used, owner"

export class ChannelTables {
  /** Whether there may be messages of forgotten channels that are still to be deleted. */
  hasGarbage = true
  private readonly database: DatabaseFile

  constructor(database: DatabaseFile) {
    this.database = database
  }

  find(name: Channel): ChannelRow | null {
    const sql = `SELECT ${rowColumns} FROM channels WHERE name = ?`
    return this.database.query<ChannelRow, [string]>(sql).get(name)
  }

  totals(): Totals {
    const sql =
      "SELECT count(*) AS channels, ifnull(sum(max(head - first + 1, 0)), 0) AS messages, ifnull(sum(bytes), 0) AS bytes FROM channels"
    return this.database.query<Totals, []>(sql).get() as Totals
  }

  /** What the channels of each owner hold. */
  ownedTotals(): (Totals & { readonly owner: OwnerName })[] {
    const sql =
      "SELECT owner, count(*) AS channels, ifnull(sum(max(head - first + 1, 0)), 0) AS messages, ifnull(sum(bytes), 0) AS bytes FROM channels WHERE owner IS NOT NULL GROUP BY owner"
    return this.database.query<Totals & { owner: OwnerName }, []>(sql).all()
  }

  /** Channels of one owner in the order of their last use, as far as it was written down. */
  ownedBy(owner: OwnerName, count: number): ChannelRow[] {
    const sql = `SELECT ${rowColumns} FROM channels WHERE owner = ? ORDER BY used, id LIMIT ?`
    return this.database.query<ChannelRow, [string, number]>(sql).all(owner, count)
  }

  /** Offset of the oldest message that is still in the table, dropped ones included; null when there is none. */
  oldest(id: number): number | null {
    const sql = "SELECT min(offset) AS oldest FROM messages WHERE channel = ?"
    return this.database.query<{ oldest: number | null }, [number]>(sql).get(id)?.oldest ?? null
  }

  /** Messages `from` to `to`, at most `count` of them, oldest first. */
  read(
    row: { id: number; channel: Channel; epoch: string },
    from: number,
    to: number,
    count: number,
  ): Message[] {
    const sql =
      "SELECT offset, type, id, time, bytes, data, headers FROM messages WHERE channel = ? AND offset BETWEEN ? AND ? ORDER BY offset LIMIT ?"
    const rows = this.database
      .query<MessageRow, [number, number, number, number]>(sql)
      .all(row.id, from, to, count)
    return rows.map(({ offset, type, id, time, bytes, data, headers }) => ({
      channel: row.channel,
      epoch: row.epoch,
      offset,
      type,
      data,
      bytes,
      ...(headers !== null && { headers: readMessageHeaders(headers) }),
      id,
      time,
    }))
  }

  sizes(id: number, from: number, count: number): Size[] {
    const sql = "SELECT bytes, time FROM messages WHERE channel = ? AND offset >= ? ORDER BY offset LIMIT ?"
    return this.database.query<Size, [number, number, number]>(sql).all(id, from, count)
  }

  /** Harmless when it is there already. */
  insert(id: number, message: Message): void {
    const { offset, type, time, bytes, data, headers } = message
    this.database
      .query("INSERT OR REPLACE INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
      .run(id, offset, type, message.id, time, bytes, data, headers ? printMessageHeaders(headers) : null)
  }

  add(row: ChannelRow): void {
    const sql = `INSERT INTO channels(${rowColumns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
    const { id, name, epoch, head, first, bytes, keep_ms, due, used, owner } = row
    this.database.query(sql).run(id, name, epoch, head, first, bytes, keep_ms, due, used, owner)
  }

  update(row: Omit<ChannelRow, "name" | "epoch">): void {
    const sql =
      "UPDATE channels SET head = ?, first = ?, bytes = ?, keep_ms = ?, due = ?, used = ?, owner = ? WHERE id = ?"
    const { id, head, first, bytes, keep_ms, due, used, owner } = row
    this.database.query(sql).run(head, first, bytes, keep_ms, due, used, owner, id)
  }

  /** The greatest id that was ever given and may still have messages. */
  lastId(): number {
    const sql =
      "SELECT max((SELECT ifnull(max(id), 0) FROM channels), (SELECT ifnull(max(channel), 0) FROM garbage)) AS last"
    return this.database.query<{ last: number }, []>(sql).get()?.last ?? 0
  }

  /** Channels by id, beginning after `id`. */
  list(id: number, count: number): ChannelRow[] {
    const sql = `SELECT ${rowColumns} FROM channels WHERE id > ? ORDER BY id LIMIT ?`
    return this.database.query<ChannelRow, [number, number]>(sql).all(id, count)
  }

  /** Its messages go in steps, by `collect`. */
  remove(id: number): void {
    this.database.query("DELETE FROM channels WHERE id = ?").run(id)
    this.database.query("INSERT OR IGNORE INTO garbage VALUES (?)").run(id)
    this.hasGarbage = true
  }

  deleteBetween(id: number, from: number, before: number): void {
    const sql = "DELETE FROM messages WHERE channel = ? AND offset >= ? AND offset < ?"
    this.database.query(sql).run(id, from, before)
  }

  /** Deletes up to `count` messages of forgotten channels. False when there is nothing left to do. */
  collect(count: number): boolean {
    const garbage = "SELECT channel FROM garbage LIMIT 1"
    for (let left = count; left > 0; left--) {
      const next = this.database.query<{ channel: number }, []>(garbage).get()
      if (!next) {
        this.hasGarbage = false
        return false
      }
      const bounds = "SELECT min(offset) AS oldest, max(offset) AS newest FROM messages WHERE channel = ?"
      const { oldest, newest } = this.database
        .query<{ oldest: number | null; newest: number }, [number]>(bounds)
        .get(next.channel) ?? { oldest: null, newest: 0 }
      if (oldest !== null) {
        this.deleteBetween(next.channel, oldest, oldest + left)
        left -= Math.min(left, newest - oldest + 1)
      }
      if (oldest === null || left > 0)
        this.database.query("DELETE FROM garbage WHERE channel = ?").run(next.channel)
    }
    return true
  }

  /** Channels where something may have expired, the most overdue first. */
  due(now: number, count: number): Channel[] {
    const sql = "SELECT name FROM channels WHERE due <= ? ORDER BY due LIMIT ?"
    return this.database
      .query<{ name: Channel }, [number, number]>(sql)
      .all(now, count)
      .map(({ name }) => name)
  }

  /** Channels behind a place in the order of their last use, as far as it was written down. */
  leastUsed({ used, id }: RowUse, count: number): ChannelRow[] {
    const sql = `SELECT ${rowColumns} FROM channels WHERE (used, id) > (?, ?) ORDER BY used, id LIMIT ?`
    return this.database.query<ChannelRow, [number, number, number]>(sql).all(used, id, count)
  }

  floors(): { slot: number; epoch: number }[] {
    return this.database.query<{ slot: number; epoch: number }, []>("SELECT slot, epoch FROM floors").all()
  }

  setFloor(slot: number, epoch: number): void {
    this.database.query("INSERT OR REPLACE INTO floors VALUES (?, ?)").run(slot, epoch)
  }
}
