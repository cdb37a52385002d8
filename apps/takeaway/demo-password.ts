// The password of the demo shops: one that everybody knows while the desk is tried out on one's own machine, and one that
// nobody can guess as soon as others can reach it.
import { randomBytes } from "node:crypto"
import type { Database } from "./database/database.ts"
import { addShops, passwordOfShop, setPassword } from "./database/shops.ts"
import { demoShops } from "./model/menu.ts"

/** Stands in the source, so it opens nothing that others can reach. */
const openPassword = "laba"

interface DemoPassword {
  /** The open password, where it is the one of all demo shops: the login may show it. */
  readonly open: string | null
  /** Made at this start, to be said once: only its hash is kept. */
  readonly made: string | null
  /** Shops had the open one until now. */
  readonly replacedOpen: boolean
}

interface DemoPasswordOptions {
  /** Whether others than this machine may reach the desk, also through a proxy. */
  readonly isReachable: boolean
  /** Chosen by whoever starts the desk. */
  readonly given: string | undefined
}

/** Adds the demo shops where they are missing, and sees to it that the open password is theirs only where it may be. */
export async function settleDemoPassword(
  database: Database,
  { isReachable, given }: DemoPasswordOptions,
): Promise<DemoPassword> {
  const mayBeOpen = !isReachable && given === undefined
  const password = given ?? (mayBeOpen ? openPassword : randomBytes(9).toString("base64url"))
  let hash: Promise<string> | null = null
  const hashed = (): Promise<string> => (hash ??= Bun.password.hash(password))
  const added = await addShops(database, demoShops, hashed)
  const open = await shopsWithOpenPassword(database, mayBeOpen ? [] : added)
  if (mayBeOpen)
    return { open: open.length === demoShops.length ? openPassword : null, made: null, replacedOpen: false }
  for (const shop of open) await setPassword(database, shop, await hashed())
  const isNew = added.length > 0 || open.length > 0
  return { open: null, made: isNew && given === undefined ? password : null, replacedOpen: open.length > 0 }
}

async function shopsWithOpenPassword(database: Database, except: readonly string[]): Promise<string[]> {
  // The demo shops were hashed together, and a hash takes its time, on purpose.
  const verified = new Map<string, Promise<boolean>>()
  const found: string[] = []
  for (const { id } of demoShops.filter((shop) => !except.includes(shop.id))) {
    const hash = (await passwordOfShop(database, id)) ?? ""
    if (!verified.has(hash)) verified.set(hash, Bun.password.verify(openPassword, hash))
    if (await verified.get(hash)) found.push(id)
  }
  return found
}
