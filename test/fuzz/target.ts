// What can be fuzzed: a parser, called in this process, or a server, spoken to over TCP. Prose and shapes, nothing that
// runs.
import type { Random } from "./random.ts"
import type { Victim } from "./victim.ts"

/** Bytes, words and lines of a piece changed as `plain` does with the whole. */
type Mutated = (piece: Uint8Array) => Uint8Array

interface Target {
  /** Also the folder of its corpus. */
  readonly name: string
  /** Words that mean something to what is under test. */
  readonly words: readonly string[]
  /** Changes an input as only one who knows its structure can. Absent: bytes, words and lines are changed. */
  reshape?(random: Random, input: Uint8Array, plain: () => Uint8Array, mutated: Mutated): Uint8Array
}

/** A pure parser. */
export interface ParserTarget extends Target {
  readonly kind: "parser"
  /** Throws when something is wrong. Errors that the parser means to throw are none. */
  check(input: Uint8Array): void | Promise<void>
  /** The work alone, for inputs up to so many bytes: it must grow as they do. Absent where the input's own bound is small. */
  readonly work?: { readonly bytesMax: number; run(input: Uint8Array): unknown }
}

/** A way of speaking to a server. */
export interface ServerTarget extends Target {
  readonly kind: "server"
  /** Sends the input and takes its leave. Says what was wrong, or null. */
  send(victim: Victim, input: Uint8Array): Promise<string | null>
}

export type AnyTarget = ParserTarget | ServerTarget
