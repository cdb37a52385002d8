// What the demo remembers over a restart beside what Laba keeps: who has paid until when, and who is subscribed.
import { Database } from "bun:sqlite"
import { join } from "node:path"
import { makePrivateFolder } from "../kit/command/private-folder.ts"

/** How a subscriber was when it was last saved. */
interface SubscriberRecord {
  readonly isListening: boolean
  /** Payments it has delivered, by mail or text. */
  readonly told: number
}

export class Store {
  private readonly database: Database

  /** Makes the folder where it is not there. */
  constructor(folder: string) {
    makePrivateFolder(folder)
    this.database = new Database(join(folder, "books.sqlite"), { create: true, strict: true })
    this.database.run("PRAGMA journal_mode = WAL")
    this.database.run("PRAGMA busy_timeout = 5000")
    this.database.run(
      "CREATE TABLE IF NOT EXISTS customers (phone TEXT PRIMARY KEY, paid_until TEXT NOT NULL) STRICT",
    )
    this.database.run(
      `CREATE TABLE IF NOT EXISTS subscribers
       (name TEXT PRIMARY KEY, is_listening INTEGER NOT NULL, told INTEGER NOT NULL) STRICT`,
    )
  }

  /** The last day that a customer has paid for; null for one who never paid. */
  paidUntil(phone: string): string | null {
    const row = this.database
      .query<{ paid_until: string }, [string]>("SELECT paid_until FROM customers WHERE phone = ?")
      .get(phone)
    return row?.paid_until ?? null
  }

  setPaidUntil(phone: string, until: string): void {
    this.database
      .query(
        `INSERT INTO customers (phone, paid_until) VALUES (?, ?)
         ON CONFLICT (phone) DO UPDATE SET paid_until = excluded.paid_until`,
      )
      .run(phone, until)
  }

  /** Null for one that was never there. */
  subscriber(name: string): SubscriberRecord | null {
    const row = this.database
      .query<{ is_listening: number; told: number }, [string]>(
        "SELECT is_listening, told FROM subscribers WHERE name = ?",
      )
      .get(name)
    return row && { isListening: row.is_listening === 1, told: row.told }
  }

  saveSubscriber(name: string, { isListening, told }: SubscriberRecord): void {
    this.database
      .query(
        `INSERT INTO subscribers (name, is_listening, told) VALUES (?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET is_listening = excluded.is_listening, told = excluded.told`,
      )
      .run(name, isListening ? 1 : 0, told)
  }

  close(): void {
    this.database.close()
  }
}
