import { expect, test } from "bun:test"
import { readFile } from "node:fs/promises"
import { defaultLimits, type Limits } from "../../../wire/limits.ts"
import { freshDocuments } from "./documents.ts"
import { jsonSchema, readComments } from "./reference.ts"

for (const { path, text } of await freshDocuments()) {
  test(`${path.slice(path.lastIndexOf("/docs/") + 1)} is what \`bun src/config/documents/write-docs.ts\` writes now`, async () => {
    expect(await readFile(path, "utf8")).toBe(text)
  })
}

test("a key without a comment cannot be documented", () => {
  expect(() => jsonSchema(readComments("export interface ConfigInput {\n}\n"))).toThrow("has no comment")
})

test("the defaults that the comments on the limits name are the defaults", async () => {
  const limits = readComments(
    await readFile(new URL("../../../wire/limits.ts", import.meta.url), "utf8"),
  ).get("Limits")
  for (const [name, value] of Object.entries(defaultLimits)) {
    const named = /Default ([\d,]+)(?: ([KM])iB)?/.exec(limits?.get(name as keyof Limits) ?? "")
    const unit = { K: 1024, M: 1024 * 1024 }[named?.[2] ?? ""] ?? 1
    expect([name, Number(named?.[1]?.replaceAll(",", "")) * unit]).toEqual([name, value])
  }
})
