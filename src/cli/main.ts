// The command line: finds the command, runs it, turns what it throws into one line and an exit code.
import { unknown } from "./arguments.ts"
import { type Command, exit, CommandError, UsageError } from "./command.ts"
import { commands } from "./commands.ts"
import { helpOf, helpOfAll } from "./help.ts"
import { endUnread, print, say } from "./terminal.ts"

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined) {
    say(helpOfAll(commands).trimEnd())
    return exit.usage
  }
  if (name === "--version" || name === "-v") return find("version").run([])
  if (name === "--help" || name === "-h") return help([])
  if (name === "help") return help(rest)
  const command = find(name)
  // What stands after `--` is data, also when it reads `--help`.
  const end = rest.indexOf("--")
  const asked = (end < 0 ? rest : rest.slice(0, end)).some((word) => word === "--help" || word === "-h")
  return asked ? help([name]) : command.run(rest)
}

function find(name: string): Command {
  const command = commands.find((one) => one.name === name)
  if (!command) throw unknown("command", name, [...commands.map((one) => one.name), "help"])
  return command
}

function help([name]: readonly string[]): number {
  print((name === undefined || name === "help" ? helpOfAll(commands) : helpOf(find(name))).trimEnd())
  return exit.ok
}

/** Never throws: what a command could not do is one line; what we did wrong keeps its stack. */
async function run(args: readonly string[]): Promise<number> {
  try {
    return await main(args)
  } catch (error) {
    if (error instanceof UsageError) {
      const known = commands.some((one) => one.name === args[0])
      say(`laba: ${error.message} (laba help${known ? ` ${args[0]}` : ""})`)
      return exit.usage
    }
    say(error instanceof CommandError ? `laba: ${error.message}` : Bun.inspect(error))
    return exit.failed
  }
}

endUnread()

process.exitCode = await run(process.argv.slice(2))
