// What a configuration comes to, a line a setting, as `laba check` prints it.
import type { Limits } from "../../../wire/limits.ts"
import type { AccessConfig } from "../../access/access-config.ts"
import type { Rule } from "../../channels/channel.ts"
import { ingestCautions } from "../../config/checks/ingest-problems.ts"
import type { WatchConfig } from "../../config/checks/watch-problems.ts"
import type { Config } from "../../config/config.ts"
import type { SockJsCarries } from "../../http/sockjs/sockjs-config.ts"
import type { IngestConfig } from "../../ingest/ingest.ts"
import { printAddress } from "../../config/redis-address.ts"
import { duration } from "../../silence/alarm-texts.ts"

export function summaryOf(config: Config): string {
  const { listen, engine, open, access, hooks, rules, limits, tls, watch, ingest } = config
  const rows: [string, string][] = [
    [
      "listen",
      `${tls ? "https" : "http"}://${listen.host}:${listen.port}${open ? ", open to everybody" : ""}`,
    ],
    ["stomp", stompText(config)],
    ...[...config.sockjs.paths].map(([path, carries]): [string, string] => [
      `sockjs ${path}`,
      sockJsText(carries),
    ]),
    ["engine", engineText(engine)],
    ["access", accessText(access)],
    ...hooks.map(({ name, dialect, urls }): [string, string] => [
      `hook ${name}`,
      `${dialect}; ${Object.keys(urls).join(", ")}`,
    ]),
    ...rules.entries.map((rule): [string, string] => [rule.pattern, ruleText(rule)]),
    ...watch.map((one): [string, string] => ["watch", watchText(one)]),
    ...ingest.map((one): [string, string] => [`ingest ${one.name}`, ingestText(one, config)]),
    ...Object.entries(limits).map(([name, value]): [string, string] => [
      name,
      limitText(name as keyof Limits, value),
    ]),
  ]
  const width = Math.max(...rows.map(([name]) => name.length)) + 3
  return rows.map(([name, text]) => name.padEnd(width) + text).join("\n")
}

function stompText({ listen, stomp, tls }: Config): string {
  const paths = ["/_/stomp", ...stomp.paths].join(", ")
  if (stomp.tcp === null) return `${paths}; not over TCP`
  const port = stomp.tcp === 0 ? "at any free port" : `at port ${stomp.tcp}`
  return `${paths}; over TCP${tls ? " with TLS" : ""} on ${listen.host} ${port}`
}

const sockJsText = (carries: SockJsCarries): string =>
  carries.protocol === "raw" ? `raw, ${carries.channel}` : carries.protocol

function watchText({ channel, everyMs, silentMs, tell }: WatchConfig): string {
  const ways = tell.map((one) => (one.way === "channel" ? one.channel : one.way)).join(", ")
  return `${channel} every ${duration(everyMs / 1000)}, silent after ${duration(silentMs / 1000)}; tells ${ways}`
}

function ingestText(one: IngestConfig, config: Config): string {
  const { kind, settings, route, deadLetter } = one
  const to = route.connection === null ? route.to.join(", ") : `connection ${route.connection}`
  const cautions = ingestCautions(one, config)
  const promise = cautions.length === 0 ? "once" : cautions.join("; ")
  return `${kind.describe(settings)}, to ${to}; dead letters: ${deadLetter}; ${promise}`
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

function ruleText({ keep, slow, permissions }: Rule): string {
  const kept =
    keep === null
      ? "no history"
      : `${keep.count} messages, ${sizeText(keep.bytes)}, ${timeText(keep.timeMs)}${keep.budget ? `, ${sizeText(keep.budget.bytes)} for all` : ""}`
  const may = permissions ? Object.entries(permissions).map(([action, word]) => `${action}: ${word}`) : []
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
