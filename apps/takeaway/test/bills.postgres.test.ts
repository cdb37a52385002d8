import { afterAll, expect, test } from "bun:test"
import { startPostgres } from "../../../test/support/postgres.ts"
import { openDatabase } from "../database/open-database.ts"
import { addShops, listShops } from "../database/shops.ts"
import { demoShops } from "../model/menu.ts"
import { billsContract } from "./bills-contract.ts"
import { freshDatabase } from "./fresh-database.ts"
import { shopsContract } from "./shops-contract.ts"

const postgres = startPostgres()
afterAll(() => postgres[Symbol.dispose]())

const fresh = freshDatabase(() => postgres.database())
billsContract(fresh)
shopsContract(fresh)

test("processes that start together make the tables once", async () => {
  const url = postgres.database()
  const all = await Promise.all(Array.from({ length: 4 }, () => openDatabase(url)))
  await Promise.all(all.map((database) => addShops(database, demoShops, async () => "hash")))
  const [first] = all
  if (!first) throw new Error("Nothing was opened.")
  expect((await listShops(first)).map(({ shop, dishes }) => [shop, dishes.length])).toEqual(
    demoShops.map(({ id, dishes }) => [id, dishes.length]),
  )
  await Promise.all(all.map((database) => database.close()))
})

test("gives up a statement that somebody holds up, so that nothing waits for ever", async () => {
  const database = await openDatabase(postgres.database())
  const [setting] = await database.transaction(
    (sql) => sql<{ statement_timeout: string }>`SHOW statement_timeout`,
  )
  expect(setting?.statement_timeout).toBe("10s")
  await database.close()
})

test("goes on after the database was killed and came back", async () => {
  const database = await openDatabase(postgres.database())
  await addShops(database, demoShops, async () => "hash")
  postgres.restart()
  // What was open broke with it; that may be told once to each connection of the pool.
  let shops = 0
  for (let time = 0; time < 20 && shops === 0; time++)
    shops = await listShops(database).then(
      (all) => all.length,
      () => 0,
    )
  expect(shops).toBe(demoShops.length)
  await database.close()
})
