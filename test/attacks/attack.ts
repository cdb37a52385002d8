// What an attack is, and what a server must keep while it is under one.
import type { ConfigInput } from "../../src/server/index.ts"
import type { AttackedServer } from "./attacked-server.ts"

interface Bounds {
  /** Longest time in which the server's loop did nothing else, in milliseconds. Far above what a busy machine makes of it. */
  readonly heldMsMax: number
  /** What the server's memory may have grown by after the attack, its garbage collected, in bytes. */
  readonly grownBytesMax: number
}

export const usualBounds: Bounds = { heldMsMax: 1500, grownBytesMax: 96 * 1024 * 1024 }

export interface Attack {
  /** A sentence: what somebody does who lacks the right to. */
  readonly name: string
  /** Over the usual configuration. */
  readonly config?: ConfigInput
  readonly bounds?: Partial<Bounds>
  /** Attacks. Answers what the attacker got that they should not have: empty when nothing. */
  run(server: AttackedServer): Promise<readonly string[]>
}

/** What an attack did to the server, as measured from outside. */
export interface Measured {
  readonly attack: string
  readonly heldMs: number
  readonly grownBytes: number
  readonly cpuMs: number
  /** Messages that others published meanwhile, each of which was heard. */
  readonly othersHeard: number
  readonly findings: readonly string[]
}
