// The tables. What must never happen is refused here too: two bills for one key, a state that does not exist, a price
// below zero.
import type { Database } from "./database.ts"

export const schemaVersion = 1

/** One statement each; safe to run again. Times are epoch milliseconds, money is cents. */
export function schema(dialect: Database["dialect"]): string[] {
  const counted =
    dialect === "postgres"
      ? "INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
      : "INTEGER PRIMARY KEY AUTOINCREMENT"
  return [
    `CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)`,

    `CREATE TABLE IF NOT EXISTS shop (
      id TEXT PRIMARY KEY,
      zh TEXT NOT NULL,
      en TEXT NOT NULL,
      place INTEGER NOT NULL,
      password TEXT NOT NULL,
      is_open INTEGER NOT NULL DEFAULT 0 CHECK (is_open IN (0, 1)),
      last_number INTEGER NOT NULL DEFAULT 0,
      -- Since when an open shop has no kitchen connected; NULL while it has one.
      lonely_since BIGINT,
      version INTEGER NOT NULL DEFAULT 1,
      -- The version that was last published.
      told INTEGER NOT NULL DEFAULT 0
    )`,

    `CREATE TABLE IF NOT EXISTS dish (
      shop TEXT NOT NULL REFERENCES shop (id),
      id TEXT NOT NULL,
      zh TEXT NOT NULL,
      en TEXT NOT NULL,
      price INTEGER NOT NULL CHECK (price >= 0),
      place INTEGER NOT NULL,
      PRIMARY KEY (shop, id)
    )`,

    `CREATE TABLE IF NOT EXISTS customer (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      address TEXT NOT NULL,
      telephone TEXT NOT NULL,
      seen_at BIGINT NOT NULL
    )`,

    `CREATE TABLE IF NOT EXISTS bill (
      id ${counted},
      shop TEXT NOT NULL REFERENCES shop (id),
      number INTEGER NOT NULL,
      customer TEXT NOT NULL REFERENCES customer (id),
      -- As they were when it was ordered: a customer may move, a bill does not.
      name TEXT NOT NULL,
      address TEXT NOT NULL,
      telephone TEXT NOT NULL,
      note TEXT NOT NULL,
      total INTEGER NOT NULL CHECK (total >= 0),
      -- What makes posting again safe: the same key with the same content is the same bill.
      order_key TEXT,
      content TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('placed', 'seen', 'accepted', 'cooking', 'handed', 'refused', 'cancelled')),
      version INTEGER NOT NULL DEFAULT 1,
      told INTEGER NOT NULL DEFAULT 0,
      by_kitchen TEXT,
      reason TEXT,
      reminders INTEGER NOT NULL DEFAULT 0,
      placed_at BIGINT NOT NULL,
      changed_at BIGINT NOT NULL,
      UNIQUE (customer, order_key)
    )`,

    `CREATE TABLE IF NOT EXISTS bill_dish (
      bill INTEGER NOT NULL REFERENCES bill (id),
      line INTEGER NOT NULL,
      dish TEXT NOT NULL,
      zh TEXT NOT NULL,
      en TEXT NOT NULL,
      price INTEGER NOT NULL,
      count INTEGER NOT NULL CHECK (count > 0),
      PRIMARY KEY (bill, line)
    )`,

    // Connections of kitchens that are open at Laba now.
    `CREATE TABLE IF NOT EXISTS connection (
      id TEXT PRIMARY KEY,
      login TEXT NOT NULL REFERENCES shop (id),
      -- Unknown until the connection has named it.
      shop TEXT REFERENCES shop (id),
      dialect TEXT NOT NULL CHECK (dialect IN ('laba', 'tencent')),
      opened_at BIGINT NOT NULL
    )`,

    `CREATE INDEX IF NOT EXISTS bill_untold ON bill (id) WHERE told < version`,
    `CREATE INDEX IF NOT EXISTS bill_waiting ON bill (placed_at) WHERE state = 'placed'`,
    `CREATE INDEX IF NOT EXISTS bill_in_work ON bill (changed_at) WHERE state IN ('seen', 'accepted', 'cooking')`,
    `CREATE INDEX IF NOT EXISTS bill_of_shop ON bill (shop, id)`,
    `CREATE INDEX IF NOT EXISTS bill_of_customer ON bill (customer, id)`,
    `CREATE INDEX IF NOT EXISTS connection_of_shop ON connection (shop)`,
  ]
}
