// JSON that carries somebody else's JSON: it is read as `JSON.parse` would, and what it carries stays the text that it is.
// Imports nothing but its neighbours.
import { BadJson, JsonScanner } from "./json-scan.ts"

export interface EnvelopeOptions {
  /** The longest way down, payload included. */
  readonly depthMax: number
  /** The name of the members, at whatever depth, whose values stay text (`JsonText`); nothing within them is looked at. Null: nothing is carried. */
  readonly carried: string | null
}

/**
 * Reads an envelope. Its objects have no prototype, so no name in them means anything. Throws `BadJson`, also when one name is twice in an
 * object: which of the two is meant nobody can say.
 */
export function parseEnvelope(text: string, { depthMax, carried }: EnvelopeOptions): unknown {
  const scanner = new JsonScanner(text, depthMax)
  const read = (): unknown => {
    switch (scanner.kind) {
      case "object": {
        const object = Object.create(null) as Record<string, unknown>
        scanner.members((name) => {
          if (name in object) throw new BadJson("has a name twice in one object")
          object[name] = name === carried ? scanner.value() : read()
        })
        return object
      }
      case "array": {
        const array: unknown[] = []
        scanner.items(() => void array.push(read()))
        return array
      }
      case "string":
      case "number":
      case "literal":
        return JSON.parse(scanner.value())
    }
  }
  const value = read()
  scanner.end()
  return value
}
