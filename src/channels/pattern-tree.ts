// Finds the most specific of many patterns for a name. A tree with a level a part; the order of adding does not matter.
import { anyPart, anyParts, anyUser, type Pattern } from "./pattern.ts"

/**
 * Patterns, each with a value.
 *
 * The most specific pattern wins. Patterns are compared part by part from the left: a literal beats `@*`, `@*` beats
 * `*`, `*` beats `**`, and a pattern that ends with the name beats one that goes on with `**`.
 *
 * Cost: a wildcard may lead into a branch that does not match, so `find` goes back. It reads each node at most once and
 * a pattern has at most one node a part, so it reads at most parts × patterns of them, one a part in the common case.
 * The tree could be flattened to one node a part, always, but might then need 2^patterns nodes.
 */
export class PatternTree<Value> {
  private readonly root = new Node<Value>()

  /** Adds a pattern. False when it is there already: then nothing was changed. */
  add(pattern: Pattern, value: Value): boolean {
    let node = this.root
    for (const part of pattern.parts) {
      if (part === anyParts) {
        if (node.rest !== undefined) return false
        node.rest = value
        return true
      }
      node = node.enter(part)
    }
    if (node.end !== undefined) return false
    node.end = value
    return true
  }

  /** The value of the most specific pattern that fits a name of these parts, or undefined. */
  find(parts: readonly string[]): Value | undefined {
    return findIn(this.root, parts, 0)
  }

  /** The value of the most specific pattern that takes in this one, that is every name that fits it, or undefined. Its own is one. */
  covering({ parts }: Pattern): Value | undefined {
    return findIn(this.root, parts, 0)
  }
}

class Node<Value> {
  readonly literals = new Map<string, Node<Value>>()
  anyUser: Node<Value> | undefined
  any: Node<Value> | undefined
  /** Of the pattern that ends here. */
  end: Value | undefined
  /** Of the pattern that goes on here with `**`. */
  rest: Value | undefined

  enter(part: string): Node<Value> {
    if (part === anyPart) return (this.any ??= new Node())
    if (part === anyUser) return (this.anyUser ??= new Node())
    let next = this.literals.get(part)
    if (!next) {
      next = new Node()
      this.literals.set(part, next)
    }
    return next
  }
}

// Recursion is as deep as the deepest pattern, and a pattern has at most 127 parts. What a part of a pattern stands for must be
// taken in as a whole: `**` is by `**` alone, `@*` not by a literal. No name and no literal has a `*`.
function findIn<Value>(node: Node<Value>, parts: readonly string[], depth: number): Value | undefined {
  const part = parts[depth]
  if (part === undefined) return node.end ?? node.rest
  if (part === anyParts) return node.rest
  const literal = node.literals.get(part)
  const found = literal && findIn(literal, parts, depth + 1)
  if (found !== undefined) return found
  const owned = node.anyUser && part.startsWith("@") ? findIn(node.anyUser, parts, depth + 1) : undefined
  if (owned !== undefined) return owned
  return (node.any && findIn(node.any, parts, depth + 1)) ?? node.rest
}
