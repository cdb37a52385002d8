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
export async function addConnection(
  database: Database,
  { id, login, shop, dialect, now }: KitchenConnection & { readonly now: number },
): Promise<void> {
  await database.run`
    INSERT INTO connection (id, login, shop, dialect, opened_at)
    VALUES (${id}, ${login}, ${shop}, ${dialect}, ${now})
    ON CONFLICT (id) DO UPDATE SET shop = COALESCE(${shop}, connection.shop)`
}

/** The connection says which shop it works for. False: it has not logged in there, or is not known. */
export async function nameShop(database: Database, id: string, shop: string): Promise<boolean> {
  const rows =
    await database.run`UPDATE connection SET shop = ${shop} WHERE id = ${id} AND login = ${shop} RETURNING id`
  return rows.length > 0
}

export async function removeConnection(database: Database, id: string): Promise<boolean> {
  const rows = await database.run`DELETE FROM connection WHERE id = ${id} RETURNING id`
  return rows.length > 0
}

export async function findConnection(database: Database, id: string): Promise<KitchenConnection | null> {
  const [row] =
    await database.run<KitchenConnection>`SELECT id, login, shop, dialect FROM connection WHERE id = ${id}`
  return row ?? null
}

export function listConnections(database: Database): Promise<KitchenConnection[]> {
  return database.run<KitchenConnection>`
    SELECT id, login, shop, dialect FROM connection ORDER BY opened_at, id`
}

/** Connections that must be pushed to one by one, because they listen to no channel. */
export async function rawConnections(database: Database, shop: string): Promise<string[]> {
  const rows = await database.run<{ id: string }>`
    SELECT id FROM connection WHERE shop = ${shop} AND dialect = 'tencent' ORDER BY opened_at, id`
  return rows.map(({ id }) => id)
}
