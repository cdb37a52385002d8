// Which kitchens are connected at Laba now. Laba tells of each connection's beginning and end; this is what we were told.
import type { Database } from "./database.ts"

type Dialect = "laba" | "tencent"

interface KitchenConnection {
  readonly id: string
  /** The shop that it has logged in to. */
  readonly login: string
  /** The shop that it works for; null until it has said so. */
  readonly shop: string | null
  readonly dialect: Dialect
}

/** Safe to call again: Laba may ask twice when our first answer was lost. */
export function addConnection(
  database: Database,
  { id, login, shop, dialect, now }: KitchenConnection & { readonly now: number },
): Promise<void> {
  return database.transaction(async (sql) => {
    await sql`
      INSERT INTO connection (id, login, shop, dialect, opened_at)
      VALUES (${id}, ${login}, ${shop}, ${dialect}, ${now})
      ON CONFLICT (id) DO UPDATE SET shop = COALESCE(${shop}, connection.shop)`
  })
}

/** The connection says which shop it works for. False: it has not logged in there, or is not known. */
export function nameShop(database: Database, id: string, shop: string): Promise<boolean> {
  return database.transaction(async (sql) => {
    const rows =
      await sql`UPDATE connection SET shop = ${shop} WHERE id = ${id} AND login = ${shop} RETURNING id`
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
    const [row] =
      await sql<KitchenConnection>`SELECT id, login, shop, dialect FROM connection WHERE id = ${id}`
    return row ?? null
  })
}

export function listConnections(database: Database): Promise<KitchenConnection[]> {
  return database.transaction(
    (sql) => sql<KitchenConnection>`SELECT id, login, shop, dialect FROM connection ORDER BY opened_at, id`,
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
