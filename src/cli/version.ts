// `laba version`: Laba's own version, and the Bun it runs on.
import { version as labaVersion } from "../../package.json" with { type: "json" }
import { readArguments } from "./arguments.ts"
import { type Command, exit } from "./command.ts"
import { print } from "./terminal.ts"

export const version: Command = {
  name: "version",
  summary: "Print the version of Laba and of the Bun it runs on",
  usage: "version",
  flags: {},
  examples: [["laba version", "prints, for example, laba 0.1.0 (Bun 1.4.5)"]],
  run(args) {
    readArguments(args, {}, 0)
    print(`laba ${labaVersion} (Bun ${Bun.version})`)
    return exit.ok
  },
}
