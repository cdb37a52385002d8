// Shops and their menus: which are open, and which close because nobody is there.
import type { MenuDish, MenuShop } from "../model/menu.ts"
import type { ShopRecord, ShopWithMenu } from "../model/shop.ts"
import type { Database, Sql } from "./database.ts"

interface ShopRow {
  readonly id: string
  readonly zh: string
  readonly en: string
  readonly is_open: number
  readonly version: number
}

const recordOf = ({ id, zh, en, is_open, version }: ShopRow): ShopRecord => ({
  shop: id,
  zh,
  en,
  isOpen: is_open === 1,
  version,
})

/** Writes shops and their dishes where they are missing; a shop that is there keeps its password and its menu. */
export async function addShops(
  database: Database,
  shops: readonly MenuShop[],
  passwordOf: (shop: MenuShop) => Promise<string>,
): Promise<string[]> {
  const there = new Set((await listShops(database)).map(({ shop }) => shop))
  const added = shops.filter(({ id }) => !there.has(id))
  // Before the transaction: a password takes its time to hash, on purpose.
  const passwords = await Promise.all(added.map(passwordOf))
  await database.transaction(async (sql) => {
    for (const [at, shop] of added.entries()) await addShop(sql, shop, passwords[at] as string)
  })
  return added.map(({ id }) => id)
}

async function addShop(sql: Sql, { id, zh, en, dishes }: MenuShop, password: string): Promise<void> {
  const [place] = await sql<{ place: number | string }>`SELECT count(*) AS place FROM shop`
  const rows = await sql`
    INSERT INTO shop (id, zh, en, place, password) VALUES (${id}, ${zh}, ${en}, ${Number(place?.place)}, ${password})
    ON CONFLICT (id) DO NOTHING RETURNING id`
  if (rows.length === 0) return
  for (const [at, dish] of dishes.entries()) {
    await sql`
      INSERT INTO dish (shop, id, zh, en, price, place)
      VALUES (${id}, ${dish.id}, ${dish.zh}, ${dish.en}, ${dish.price}, ${at})`
  }
}

export function listShops(database: Database): Promise<ShopWithMenu[]> {
  return database.transaction(async (sql) => {
    const shops = await sql<ShopRow>`SELECT id, zh, en, is_open, version FROM shop ORDER BY place, id`
    const dishes = await sql<MenuDish & { shop: string }>`
      SELECT shop, id, zh, en, price FROM dish ORDER BY place, id`
    return shops.map((row) => ({
      ...recordOf(row),
      dishes: dishes
        .filter(({ shop }) => shop === row.id)
        .map(({ id, zh, en, price }) => ({ id, zh, en, price })),
    }))
  })
}

export async function findShop(database: Database, shop: string): Promise<ShopRecord | null> {
  const [row] = await database.run<ShopRow>`SELECT id, zh, en, is_open, version FROM shop WHERE id = ${shop}`
  return row ? recordOf(row) : null
}

/** The hash of a shop's password; null when there is no such shop. */
export async function passwordOfShop(database: Database, shop: string): Promise<string | null> {
  const [row] = await database.run<{ password: string }>`SELECT password FROM shop WHERE id = ${shop}`
  return row?.password ?? null
}

/** Takes a hash. */
export async function setPassword(database: Database, shop: string, hash: string): Promise<void> {
  await database.run`UPDATE shop SET password = ${hash} WHERE id = ${shop}`
}

/** Opens or closes one shop, and no other. False: it was so already. */
export async function setShopOpen(database: Database, shop: string, isOpen: boolean): Promise<boolean> {
  const value = isOpen ? 1 : 0
  const rows = await database.run`
    UPDATE shop SET is_open = ${value}, version = version + 1, lonely_since = NULL
    WHERE id = ${shop} AND is_open <> ${value} RETURNING id`
  return rows.length > 0
}

/** Closes the open shops that have had no kitchen connected for the grace. Answers which. */
export function closeLonelyShops(
  database: Database,
  { now, graceMs }: { readonly now: number; readonly graceMs: number },
): Promise<string[]> {
  return database.transaction(async (sql) => {
    await sql`
      UPDATE shop SET lonely_since = NULL WHERE lonely_since IS NOT NULL
        AND EXISTS (SELECT 1 FROM connection WHERE connection.shop = shop.id)`
    await sql`
      UPDATE shop SET lonely_since = ${now} WHERE is_open = 1 AND lonely_since IS NULL
        AND NOT EXISTS (SELECT 1 FROM connection WHERE connection.shop = shop.id)`
    const closed = await sql<{ id: string }>`
      UPDATE shop SET is_open = 0, version = version + 1, lonely_since = NULL
      WHERE is_open = 1 AND lonely_since <= ${now - graceMs}
        AND NOT EXISTS (SELECT 1 FROM connection WHERE connection.shop = shop.id)
      RETURNING id`
    return closed.map(({ id }) => id)
  })
}

/** Shops whose newest state nobody was told yet. */
export async function unpublishedShops(database: Database): Promise<ShopRecord[]> {
  const rows = await database.run<ShopRow>`SELECT id, zh, en, is_open, version FROM shop WHERE told < version`
  return rows.map(recordOf)
}

export async function markShopPublished(database: Database, { shop, version }: ShopRecord): Promise<void> {
  await database.run`UPDATE shop SET told = ${version} WHERE id = ${shop} AND told < ${version}`
}
