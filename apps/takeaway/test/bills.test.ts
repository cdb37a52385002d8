import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openDatabase } from "../database/open-database.ts"
import { billsContract } from "./bills-contract.ts"
import { freshDatabase } from "./fresh-database.ts"
import { shopsContract } from "./shops-contract.ts"

const folder = mkdtempSync(join(tmpdir(), "takeaway-database-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
const url = () => `sqlite:${join(folder, `${++files}.sqlite`)}`

const fresh = freshDatabase(url)
billsContract(fresh)
shopsContract(fresh)

test("a database keeps its id, and another has another", async () => {
  const file = url()
  const ids: string[] = []
  for (const name of [file, file, url()]) {
    const database = await openDatabase(name)
    ids.push(database.id)
    await database.close()
  }
  expect(ids[0]).toBe(ids[1] as string)
  expect(ids[2]).not.toBe(ids[0] as string)
})

test("a database that a newer version has written is left alone", async () => {
  const file = url()
  const database = await openDatabase(file)
  await database.transaction((sql) => sql`UPDATE setting SET value = '99' WHERE name = 'schema'`)
  await database.close()
  expect(await openDatabase(file).catch(String)).toContain("newer version")
})
