// Writes docs/config.schema.json and the tables in docs/guide/configuration.md and errors.md anew:
// `bun src/config/documents/write-docs.ts`.
import { writeFile } from "node:fs/promises"
import { freshDocuments } from "./documents.ts"

for (const { path, text } of await freshDocuments()) {
  await writeFile(path, text)
  console.log(`wrote ${path}`)
}
