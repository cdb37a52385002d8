// Every row of the threat table names a test that is there.
import { expect, test } from "bun:test"
import { readText } from "../tree.ts"

const rows = [
  ...readText("SECURITY.md").matchAll(/^\| (.+?) \| .+ \| `([\w./-]+\.test\.ts)`: (.+) \|$/gm),
].map(([, threat, file, name]) => ({ threat: threat as string, file: file as string, name: name as string }))

test("the table of threats is a table of tests", () => {
  const lines = readText("SECURITY.md")
    .split("\n")
    .filter((line) => line.startsWith("| ")).length
  // All but the heading and its line.
  expect(rows.length).toBe(lines - 2)
})

for (const { threat, file, name } of rows) {
  test(`against ${threat.replaceAll("`", "")} there is a test`, () => {
    // Formatting may break a line, and a rule's number stands before some names.
    expect(readText(file).replace(/\s+/g, " ")).toContain(name)
  })
}
