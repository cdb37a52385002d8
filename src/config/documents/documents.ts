// The documents that are made of the configuration's schema and of the codes: where they are, and what should be in them now.
import { readdirSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { errorTables } from "./error-tables.ts"
import { jsonSchema, readComments, referenceTables } from "./reference.ts"

const root = new URL("../../../", import.meta.url)
const pathOf = (name: string): string => fileURLToPath(new URL(name, root))

interface GeneratedDocument {
  readonly path: string
  readonly text: string
}

/** All of them as they should be. The guide's prose stays as it is written; only what is between its marks is made. */
export async function freshDocuments(): Promise<readonly GeneratedDocument[]> {
  const sources = [
    "src/config/input/config-input.ts",
    "src/config/input/access-input.ts",
    "src/config/input/hooks-input.ts",
    "src/config/input/ingest-input.ts",
    ...inputsOfKinds(),
    "src/config/input/sockjs-input.ts",
    "src/config/input/watch-input.ts",
    "src/config/input/stomp-input.ts",
    "wire/limits.ts",
  ].map((name) => readFile(pathOf(name), "utf8"))
  const schema = jsonSchema(readComments(...(await Promise.all(sources))))
  const guide = pathOf("docs/guide/configuration.md")
  const errors = pathOf("docs/guide/errors.md")
  return [
    { path: pathOf("docs/config.schema.json"), text: printJson(schema) },
    { path: guide, text: between(await readFile(guide, "utf8"), referenceTables(schema)) },
    { path: errors, text: between(await readFile(errors, "utf8"), errorTables()) },
  ]
}

/** What each kind of source takes, a file a kind. */
const inputsOfKinds = (): readonly string[] =>
  readdirSync(pathOf("src/config/input/"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.startsWith("ingest/"))
    .sort()
    .map((name) => `src/config/input/${name}`)

/** As the formatter leaves it: lists of words on one line. */
function printJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2)
  return `${text.replace(/\[\n([^[\]{}]*)\n *\]/g, (_, words: string) => `[${words.trim().replace(/\n */g, " ")}]`)}\n`
}

const marks = /(<!-- begin: made by src\/config\/documents\/write-docs\.ts -->\n)[^]*(\n<!-- end -->)/

function between(page: string, made: string): string {
  if (!marks.test(page)) throw new Error("a page of the guide has lost its marks")
  return page.replace(marks, (_, begin: string, end: string) => `${begin}\n${made}\n${end}`)
}
