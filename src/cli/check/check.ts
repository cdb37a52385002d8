// `laba check`: what a configuration comes to, or every mistake in it; with `--as`, what somebody may do.
import type { AccessConfig } from "../../access/access-config.ts"
import { printAddress } from "../../config/redis-address.ts"
import { environmentVariables } from "../../config/loading/environment.ts"
import type { Config } from "../../config/config.ts"
import type { Rule } from "../../channels/channel.ts"
import type { Limits } from "../../../wire/limits.ts"
import type { WatchConfig } from "../../config/checks/watch-problems.ts"
import { duration } from "../../silence/wording.ts"
import { serverOf } from "../flags/server-address.ts"
import { readArguments } from "../arguments.ts"
import { checkHooks } from "./check-hooks.ts"
import { type Command, exit, UsageError } from "../command.ts"
import { explainAccess } from "./explain-access.ts"
import { configFlag, loadConfig } from "../flags/config.ts"
import { refuseStart } from "./start-check.ts"
import { hooksOfServer } from "./hooks-of-server.ts"
import { print } from "../terminal.ts"

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

function summaryOf({ listen, engine, open, access, hooks, rules, limits, watch }: Config): string {
  const rows: [string, string][] = [
    ["listen", `http://${listen.host}:${listen.port}${open ? ", open to everybody" : ""}`],
    ["engine", engineText(engine)],
    ["access", accessText(access)],
    ...hooks.map(({ name, dialect, urls }): [string, string] => [
      `hook ${name}`,
      `${dialect}; ${Object.keys(urls).join(", ")}`,
    ]),
    ...rules.entries.map((rule): [string, string] => [rule.pattern, ruleText(rule)]),
    ...watch.map((one): [string, string] => ["watch", watchText(one)]),
    ...Object.entries(limits).map(([name, value]): [string, string] => [
      name,
      limitText(name as keyof Limits, value),
    ]),
  ]
  const width = Math.max(...rows.map(([name]) => name.length)) + 3
  return rows.map(([name, text]) => name.padEnd(width) + text).join("\n")
}

function watchText({ channel, everyMs, silentMs, tell }: WatchConfig): string {
  const ways = tell.map((one) => (one.way === "channel" ? one.channel : one.way)).join(", ")
  return `${channel} every ${duration(everyMs / 1000)}, silent after ${duration(silentMs / 1000)}; tells ${ways}`
}

function engineText(engine: Config["engine"]): string {
  if (engine.name === "memory") return "memory"
  if (engine.name === "redis") {
    const { address, prefix, routing, historyBytesMax } = engine
    return `${printAddress(address)}, keys ${prefix}:…, at most ${sizeText(historyBytesMax)}; routing: ${routing}`
  }
  const { directory, acknowledge, diskBytesMax } = engine
  return `sqlite in ${directory}, at most ${sizeText(diskBytesMax)}; acknowledge: ${acknowledge}`
}

function accessText({ keys, tokens, origins, proxies }: AccessConfig): string {
  if (keys.length === 0 && !tokens)
    return "no keys and no tokens: whoever gets in may do what the rules below say"
  const names = keys.map(({ name }) => name)
  return [
    names.length === 0 ? "no keys" : `keys: ${names.join(", ")}`,
    tokens
      ? `tokens of ${tokens.issuers.map(({ issuer }) => issuer ?? "any issuer").join(", ")}`
      : "no tokens",
    ...(origins ? [`pages of ${origins.join(", ")}`] : []),
    ...(proxies.length > 0 ? [`behind ${proxies.join(", ")}`] : []),
  ].join("; ")
}

function ruleText({ keep, slow, who }: Rule): string {
  const kept =
    keep === null
      ? "no history"
      : `${keep.count} messages, ${sizeText(keep.bytes)}, ${timeText(keep.timeMs)}${keep.budget ? `, ${sizeText(keep.budget.bytes)} for all` : ""}`
  const may = who ? Object.entries(who).map(([action, word]) => `${action}: ${word}`) : []
  return [kept, `slow: ${slow}`, ...may].join("; ")
}

function limitText(name: keyof Limits, value: number): string {
  if (name.includes("Bytes")) return sizeText(value)
  return name.includes("econds") ? timeText(value * 1000) : String(value)
}

/** In the largest unit that divides it. */
function inUnits(value: number, units: readonly (readonly [string, number])[]): string {
  const [unit, factor] = units.find(([, size]) => value >= size && value % size === 0) ??
    units.at(-1) ?? ["", 1]
  return `${value / factor}${unit}`
}

const sizeText = (bytes: number): string =>
  inUnits(bytes, [
    [" GiB", 1024 ** 3],
    [" MiB", 1024 ** 2],
    [" KiB", 1024],
    [" bytes", 1],
  ])

const timeText = (ms: number): string =>
  inUnits(ms, [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1000],
    ["ms", 1],
  ])
