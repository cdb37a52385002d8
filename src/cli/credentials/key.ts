// `laba key new`: a key for a backend, shown once, and the lines that let it in.
import { keyName, makeKey } from "../../access/credentials/keys.ts"
import { readArguments, unknown } from "../arguments.ts"
import { type Command, exit, UsageError } from "../command.ts"
import { readPatterns } from "../flags/patterns.ts"
import { print, say } from "../terminal.ts"

const flags = {
  publish: { type: "string", value: "<patterns>", says: "channels it may publish to, divided by spaces" },
  listen: {
    type: "string",
    value: "<patterns>",
    says: "channels it may listen to, with history and presence",
  },
  manage: {
    type: "string",
    value: "<patterns>",
    says: "channels it may delete; /** manages the node as well",
  },
} as const

export const key: Command = {
  name: "key",
  summary: "Make a key for a backend",
  usage: "key new <name> [flags]",
  flags,
  examples: [
    ['laba key new shop --publish "/orders/**"', "a key that publishes orders and does nothing else"],
    ['laba key new admin --publish "/**" --listen "/**" --manage "/**"', "one that may do everything"],
  ],
  run(args) {
    const { given, words } = readArguments(args, flags, 2)
    const [verb, name] = words
    if (verb !== "new")
      throw verb === undefined
        ? new UsageError("say `laba key new <name>`")
        : unknown("command", verb, ["new"])
    if (name === undefined || !keyName.test(name))
      throw new UsageError(
        "a key needs a name of 1 to 40 lower-case letters, digits and dashes: laba key new shop",
      )
    const scopes = (["publish", "listen", "manage"] as const).flatMap((scope) => {
      const patterns = readPatterns(scope, given[scope])
      return patterns.length === 0 ? [] : [`${scope}: ${JSON.stringify(patterns)}`]
    })
    if (scopes.length === 0)
      throw new UsageError("a key that may do nothing is of no use: add --publish, --listen or --manage")
    const { text, sha256 } = makeKey(name)
    // The key alone on standard output, so that a script can take it; the rest is for whoever reads.
    say("The key, shown this once and kept nowhere; its bearer sends `Authorization: Bearer <key>`:\n")
    print(text)
    say(`
For laba.yaml, under \`keys:\`, beside those that are there:

keys:
  - { name: ${name}, sha256: "${sha256}", ${scopes.join(", ")} }`)
    return exit.ok
  },
}
