// `laba check`: what a configuration comes to, or every mistake in it.
import { environmentVariables } from "../config/environment.ts"
import type { Config } from "../config/config.ts"
import type { Rule } from "../channels/channel.ts"
import type { Limits } from "../../wire/limits.ts"
import { readArguments } from "./arguments.ts"
import { type Command, exit } from "./command.ts"
import { configFlag, gatherConfig } from "./gathering-config.ts"

const flags = { config: configFlag } as const

export const check: Command = {
  name: "check",
  summary: "Check a configuration and print what it comes to",
  usage: "check [flags]",
  flags,
  examples: [
    ["laba check", "the file that `laba serve` would take here"],
    ["laba check --config production.yaml", "another one"],
  ],
  async run(args) {
    const { given } = readArguments(args, flags, 0)
    const { config, file } = await gatherConfig(given.config, {})
    const set = Object.keys(environmentVariables).filter((name) => process.env[name])
    const sources = [file === null ? "No file; these are the defaults" : `${file} is fine`]
    if (set.length > 0) sources.push(`with ${set.join(", ")} from the environment`)
    console.log(`${sources.join(", ")}.\n\n${print(config)}`)
    return exit.ok
  },
}

function print({ listen, engine, open, rules, limits }: Config): string {
  const rows: [string, string][] = [
    ["listen", `http://${listen.host}:${listen.port}${open ? ", open to everybody" : ""}`],
    ["engine", engine],
    ...rules.entries.map((rule): [string, string] => [rule.pattern, ruleText(rule)]),
    ...Object.entries(limits).map(([name, value]): [string, string] => [
      name,
      limitText(name as keyof Limits, value),
    ]),
  ]
  const width = Math.max(...rows.map(([name]) => name.length)) + 3
  return rows.map(([name, text]) => name.padEnd(width) + text).join("\n")
}

function ruleText({ keep, slow }: Rule): string {
  const kept =
    keep === null ? "no history" : `${keep.count} messages, ${sizeText(keep.bytes)}, ${timeText(keep.timeMs)}`
  return `${kept}; slow: ${slow}`
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
