// `laba check`: what a configuration comes to, or every mistake in it; with `--as`, what somebody may do.
import type { Config } from "../../config/config.ts"
import { environmentVariables } from "../../config/loading/environment-variables.ts"
import { readArguments } from "../arguments.ts"
import { type Command, exit, UsageError } from "../command.ts"
import { configFlag, loadConfig } from "../flags/config.ts"
import { serverOf } from "../flags/server-address.ts"
import { refuseStart } from "../serve/start-server.ts"
import { print } from "../terminal.ts"
import { checkHooks } from "./check-hooks.ts"
import { summaryOf } from "./config-summary.ts"
import { explainAccess } from "./explain-access.ts"
import { hooksOfServer } from "./hooks-of-server.ts"

const flags = {
  config: configFlag,
  hooks: {
    type: "boolean",
    says: "try every address that hooks would call; with --url or LABA_URL also what went wrong there last",
  },
  url: { type: "string", value: "<url>", says: "the server that is asked; default LABA_URL, else none" },
  as: {
    type: "string",
    value: "<who>",
    says: "a file with a token or key, or one itself, or `anyone`: what they may do with a channel, and why",
  },
} as const

export const check: Command = {
  name: "check",
  summary: "Check a configuration and print what it comes to",
  usage: "check [--as <who> <channel>] [--hooks] [flags]",
  flags,
  examples: [
    ["laba check", "the file that `laba serve` would take here"],
    ["laba check --config production.yaml", "another one"],
    ["laba check --hooks", "do the backends of the hooks answer, and agree to be called?"],
    [
      "LABA_CREDENTIAL=laba_ops_… laba check --hooks --url https://laba.example",
      "and what went wrong there last",
    ],
    ["laba check --as token.jwt /orders/42", "what the bearer of this token may do there, and why"],
    ["laba check --as anyone /orders/42", "and what those may who show nothing"],
  ],
  async run(args) {
    const { given, words } = readArguments(args, flags, 1)
    const [channel] = words
    if ((given.as === undefined) !== (channel === undefined))
      throw new UsageError("--as and a channel go together: laba check --as token.jwt /orders/42")
    const { config, file } = await loadConfig(given.config, {})
    await refuseStart(config)
    if (given.as !== undefined && channel !== undefined) {
      print((await explainAccess({ config, as: given.as, channel })).join("\n"))
      return exit.ok
    }
    if (given.hooks) return reportHooks(config, given.url ?? (process.env.LABA_URL || undefined))
    const set = Object.keys(environmentVariables).filter((name) => process.env[name])
    const sources = [file === null ? "No file; these are the defaults" : `${file} is fine`]
    if (set.length > 0) sources.push(`with ${set.join(", ")} from the environment`)
    print(`${sources.join(", ")}.\n\n${summaryOf(config)}`)
    return exit.ok
  },
}

async function reportHooks({ hooks }: Config, url: string | undefined): Promise<number> {
  // Before the backends are called: an address that is none is said at once.
  const server = url === undefined ? null : serverOf(url)
  const here = await checkHooks(hooks)
  print(here.lines.length === 0 ? "No hooks are configured." : here.lines.join("\n"))
  if (server === null) return here.ok ? exit.ok : exit.failed
  const there = await hooksOfServer(server)
  print(`\n${there.lines.join("\n")}`)
  return here.ok && there.ok ? exit.ok : exit.failed
}
