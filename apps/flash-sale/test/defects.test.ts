// Holds `docs/guide/flash-sale-defects.md` to the tests that it names, so that none is lost or renamed unnoticed.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "bun:test"

const app = join(import.meta.dir, "..")
const page = readFileSync(join(app, "../../docs/guide/flash-sale-defects.md"), "utf8")

interface Row {
  readonly id: string
  readonly heldBy: string
  readonly file: string
}

const rows = page
  .split("\n")
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .filter(([, id = ""]) => /^[DF]\d+$/.test(id))
  .map(([, id = "", , heldBy = "", file = ""]): Row => ({ id, heldBy, file }))

const texts = new Map<string, string>()

function textOf(file: string): string {
  const text = texts.get(file) ?? readFileSync(join(app, file), "utf8")
  texts.set(file, text)
  return text
}

test("every defect and every way to fail has its line", () => {
  const wanted = [
    ...Array.from({ length: 32 }, (_, at) => `D${at + 1}`),
    ...Array.from({ length: 18 }, (_, at) => `F${at + 1}`),
  ]
  expect([...new Set(rows.map(({ id }) => id))]).toEqual(wanted)
})

for (const { id, heldBy, file } of rows) {
  test(`${id} is held by “${heldBy}”`, () => {
    const named = [`test("${heldBy}"`, `test(\n  "${heldBy}"`]
    expect(named.some((text) => textOf(file).includes(text))).toBe(true)
  })
}
