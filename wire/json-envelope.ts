// JSON that carries somebody else's JSON: it is read as `JSON.parse` would, and what it carries stays the text that it is.
// Imports nothing but its neighbours.
import { BadJson, JsonScanner } from "./json-scan.ts"
import { jsonDepthMax } from "./limits.ts"

/** How deep an envelope is itself. None of ours has more than three levels; what others add to theirs is passed by. */
const levelsMax = 8

/** Values that are made of an envelope. 1,000 messages with all they may have are 6,000; what is beyond is refused before it costs anything. */
const valuesMax = 10_000

/**
 * Reads an envelope. The values of members named `carried`, at whatever level, stay text (`JsonText`), nested as deep as a payload may be, and
 * nothing within them is looked at; null: nothing is carried. Its objects have no prototype, so no name in them means anything. Throws
 * `BadJson`, also when one name is twice in an object: which of the two is meant nobody can say.
 */
export function parseEnvelope(text: string, carried: string | null): unknown {
  const scanner = new JsonScanner(text, jsonDepthMax)
  let values = 0
  const read = (level: number): unknown => {
    if (++values > valuesMax) throw new BadJson(`has more than ${valuesMax} values`)
    const { kind } = scanner
    if (kind !== "object" && kind !== "array") return JSON.parse(scanner.value())
    if (level === levelsMax) throw new BadJson(`is nested more than ${levelsMax} deep`)
    if (kind === "array") {
      const array: unknown[] = []
      scanner.items(() => void array.push(read(level + 1)))
      return array
    }
    const object = Object.create(null) as Record<string, unknown>
    scanner.members((name) => {
      if (name in object) throw new BadJson("has a name twice in one object")
      object[name] = name === carried ? scanner.value() : read(level + 1)
    })
    return object
  }
  const value = read(0)
  scanner.end()
  return value
}
