// Which kitchens are connected at Laba now. Laba tells of each connection's beginning and end; this is what we were told.
import type { Database } from "./database.ts"

export type Dialect = "laba" | "tencent"

export interface KitchenConnection {
  readonly id: string
  /** Null until the connection has named its shop. */
  readonly shop: string | null
  readonly dialect: Dialect
}

/** Safe to call again: Laba may ask twice when our first answer was lost. */
export function addConnection(
  database: Database,
  { id, shop, dialect, now }: KitchenConnection & { readonly now: number },
): Promise<void> {
  return database.transaction(async (sql) => {
    await sql`
      INSERT INTO connection (id, shop, dialect, opened_at) VALUES (${id}, ${shop}, ${dialect}, ${now})
      ON CONFLICT (id) DO UPDATE SET shop = COALESCE(${shop}, connection.shop)`
  })
}

/** The connection has named its shop. False: we do not know this connection. */
export function nameShop(database: Database, id: string, shop: string): Promise<boolean> {
  return database.transaction(async (sql) => {
    const rows = await sql`UPDATE connection SET shop = ${shop} WHERE id = ${id} RETURNING id`
    return rows.length > 0
  })
}

export function removeConnection(database: Database, id: string): Promise<boolean> {
  return database.transaction(async (sql) => {
    const rows = await sql`DELETE FROM connection WHERE id = ${id} RETURNING id`
    return rows.length > 0
  })
}

export function findConnection(database: Database, id: string): Promise<KitchenConnection | null> {
  return database.transaction(async (sql) => {
    const [row] = await sql<KitchenConnection>`SELECT id, shop, dialect FROM connection WHERE id = ${id}`
    return row ?? null
  })
}

export function listConnections(database: Database): Promise<KitchenConnection[]> {
  return database.transaction(
    (sql) => sql<KitchenConnection>`SELECT id, shop, dialect FROM connection ORDER BY opened_at, id`,
  )
}

/** Connections that must be pushed to one by one, because they listen to no channel. */
export function rawConnections(database: Database, shop: string): Promise<string[]> {
  return database.transaction(async (sql) => {
    const rows = await sql<{ id: string }>`
      SELECT id FROM connection WHERE shop = ${shop} AND dialect = 'tencent' ORDER BY opened_at, id`
    return rows.map(({ id }) => id)
  })
}
