// The values that templates name in a body of JSON, found in one pass over it, as their sender wrote them.
import { JsonScanner, type JsonText } from "../../../wire/json-scan.ts"
import { jsonDepthMax } from "../../../wire/limits.ts"

/** Paths of names and indexes, put together by what they share. */
interface Node {
  /** Whether a path ends here, and where its value goes. */
  slot: number | null
  readonly children: Map<string, Node>
  names: readonly string[]
}

const newNode = (): Node => ({ slot: null, children: new Map(), names: [] })

/** All paths that one configuration names. */
export class JsonPaths {
  private readonly root = newNode()
  /** By the path's own list, which its template keeps. */
  private readonly slots = new Map<readonly string[], number>()
  private count = 0

  /** The slot of a path in what `read` answers from now on. */
  slotOf(path: readonly string[]): number {
    const known = this.slots.get(path)
    if (known !== undefined) return known
    let node = this.root
    for (const step of path) {
      const next = node.children.get(step) ?? newNode()
      node.children.set(step, next)
      node.names = [...node.children.keys()]
      node = next
    }
    node.slot ??= this.count++
    this.slots.set(path, node.slot)
    return node.slot
  }

  /** Each path's value, by its slot; undefined where there is none. A name that is there twice counts the last time. Throws `BadJson`. */
  read(text: string): readonly (JsonText | undefined)[] {
    const values = Array.from<JsonText | undefined>({ length: this.count })
    const scanner = new JsonScanner(text, jsonDepthMax)
    readNode(scanner, this.root, values)
    scanner.end()
    return values
  }
}

function readNode(scanner: JsonScanner, node: Node, values: (JsonText | undefined)[]): void {
  const { kind } = scanner
  if (node.children.size === 0 || (kind !== "object" && kind !== "array")) {
    if (node.slot === null) scanner.skip()
    else values[node.slot] = scanner.value()
    return
  }
  if (node.slot !== null) {
    // The whole is wanted, and parts of it.
    const whole = scanner.value()
    values[node.slot] = whole
    return readParts(new JsonScanner(whole, jsonDepthMax), node, kind, values)
  }
  readParts(scanner, node, kind, values)
}

function readParts(
  scanner: JsonScanner,
  node: Node,
  kind: "object" | "array",
  values: (JsonText | undefined)[],
): void {
  if (kind === "object") {
    scanner.membersNamed(node.names, (name) => {
      const child = node.children.get(name) as Node
      forget(child, values)
      readNode(scanner, child, values)
    })
    return
  }
  let index = 0
  scanner.items(() => {
    const child = node.children.get(String(index++))
    if (child) readNode(scanner, child, values)
    else scanner.skip()
  })
}

/** A name that comes again replaces all that was found under it. */
function forget(node: Node, values: (JsonText | undefined)[]): void {
  if (node.slot !== null) values[node.slot] = undefined
  for (const child of node.children.values()) forget(child, values)
}
