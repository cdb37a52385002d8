import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openDatabase } from "../books/open-database.ts"
import { booksContract } from "./books-contract.ts"
import { freshBooks } from "./fresh-books.ts"
import { shopsContract } from "./shops-contract.ts"

const folder = mkdtempSync(join(tmpdir(), "takeaway-books-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
const url = () => `sqlite:${join(folder, `${++files}.sqlite`)}`

const fresh = freshBooks(url)
booksContract(fresh)
shopsContract(fresh)

test("books keep their id, and others have another", async () => {
  const file = url()
  const ids: string[] = []
  for (const name of [file, file, url()]) {
    const books = await openDatabase(name)
    ids.push(books.id)
    await books.close()
  }
  expect(ids[0]).toBe(ids[1] as string)
  expect(ids[2]).not.toBe(ids[0] as string)
})

test("books that a newer version has written are left alone", async () => {
  const file = url()
  const books = await openDatabase(file)
  await books.transaction((sql) => sql`UPDATE setting SET value = '99' WHERE name = 'schema'`)
  await books.close()
  expect(await openDatabase(file).catch(String)).toContain("newer version")
})
