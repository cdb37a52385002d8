// The contract of a command: a name, its help, and what it does. Knows no command.

/** One flag, as help shows it and as the arguments are read by it. */
interface Flag {
  readonly type: "string" | "boolean"
  /** What stands for the value in help: `<url>`. Only with `string`. */
  readonly value?: string
  /** One line: effect, then unit and default. */
  readonly says: string
}

export type Flags = Readonly<Record<string, Flag>>

export interface Command {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** What follows `laba`: `publish <channel> [data] [flags]`. */
  readonly usage: string
  readonly flags: Flags
  /** A line to type, and what it does. */
  readonly examples: readonly (readonly [line: string, does: string])[]
  /** Runs with what followed the command's name, and answers the exit code. */
  run(args: readonly string[]): number | Promise<number>
}

/** Exit codes: everything went well, it failed, it was called wrongly. */
export const exit = { ok: 0, failed: 1, usage: 2 } as const

/** What was asked for cannot be done: said in one line, without a stack, exit code 1. */
export class CommandError extends Error {
  override readonly name = "CommandError"
}

/** The command was called wrongly: said in one line with where help is, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError"
}
