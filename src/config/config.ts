// The configuration as the server uses it: checked, every default filled in.
import type { Limits } from "../../wire/limits.ts"
import { type AccessConfig, hasCredentials } from "../access/access-config.ts"
import {
  defaultPermissions,
  fillPermissions,
  presenceKept,
  type StatedPermissions,
} from "../access/rules/permissions.ts"
import type { Permissions, Rule } from "../channels/channel.ts"
import { parsePattern } from "../channels/pattern.ts"
import { defaultRule, Rules } from "../channels/rules.ts"
import type { HookConfig } from "../hooks/remote/remote.ts"
import type { LogFormat, LogLevel } from "../telemetry/log-options.ts"
import { accessConfigOf, accessProblems } from "./checks/access-problems.ts"
import { channelProblems } from "./checks/channel-problems.ts"
import { hooksConfigOf, hooksProblems } from "./checks/hooks-problems.ts"
import { closedToPublishers, withDeadLetterChannels } from "./checks/dead-letter-channels.ts"
import { ingestConfigOf, ingestProblems } from "./checks/ingest-problems.ts"
import type { IngestConfig } from "../ingest/ingest.ts"
import { stompProblems } from "./checks/stomp-problems.ts"
import { schemaProblems } from "./checks/schema-problems.ts"
import type { SockJsConfig } from "../http/sockjs/sockjs-config.ts"
import { sockJsConfigOf, sockJsProblems } from "./checks/sockjs-problems.ts"
import { type WatchConfig, watchConfigOf, watchProblems } from "./checks/watch-problems.ts"
import { ConfigError } from "./config-error.ts"
import type { TlsInput } from "./input/config-input.ts"
import { type ChannelOutput, type ConfigOutput, configSchema } from "./schema/config-schema.ts"
import { type EngineConfig, engineOf } from "./schema/engine-schema.ts"

export { ConfigError } from "./config-error.ts"
export type { ConfigInput, TlsInput } from "./input/config-input.ts"
export type { EngineConfig } from "./schema/engine-schema.ts"

interface StompConfig {
  readonly paths: readonly string[]
  readonly tcp: number | null
  readonly proxyProtocol: boolean
}

/** The whole configuration, checked, every default filled in. */
export interface Config {
  readonly listen: { readonly host: string; readonly port: number }
  readonly engine: EngineConfig
  readonly node: { readonly name: string | null; readonly advertise: string | null; readonly leaseMs: number }
  readonly rules: Rules
  readonly sockjs: SockJsConfig
  /** With everything below them no channels. */
  readonly reservedPaths: readonly string[]
  readonly limits: Limits
  readonly open: boolean
  readonly access: AccessConfig
  /** Paths of files; null without TLS. */
  readonly tls: TlsInput | null
  /** `format`: null leaves the choice to whoever writes the lines. */
  readonly log: { readonly level: LogLevel; readonly format: LogFormat | null }
  /** `tcp`: null without a port of its own. */
  readonly stomp: StompConfig
  readonly hooks: readonly HookConfig[]
  readonly watch: readonly WatchConfig[]
  readonly ingest: readonly IngestConfig[]
}

/** Checks a configuration and fills in its defaults. Throws `ConfigError` with all that is wrong, not only the first. */
export function parseConfig(value: unknown = {}): Config {
  const parsed = configSchema.safeParse(value ?? {})
  if (!parsed.success) throw new ConfigError(schemaProblems(parsed.error, value))
  const { listen, node, limits, open, tls, log } = parsed.data
  const problems = [
    ...channelProblems(parsed.data),
    ...accessProblems(parsed.data, parsed.data.channels),
    ...hooksProblems(parsed.data.hooks),
    ...watchProblems(parsed.data.watch),
    ...ingestProblems(parsed.data.ingest),
    ...stompProblems(parsed.data),
    ...sockJsProblems(parsed.data),
  ]
  if (problems.length > 0) throw new ConfigError(problems)
  const access = accessConfigOf(parsed.data)
  const channels = withDeadLetterChannels(Object.entries(parsed.data.channels), parsed.data.ingest)
  // The default rule keeps within a small budget as well.
  if (!hasPattern(parsed.data, defaultRule.pattern)) channels.push([defaultRule.pattern, defaultChannel])
  for (const path of parsed.data.stomp.paths) channels.push([path, closedChannel])
  const permissions = fillPermissions(
    new Map(channels.map(([pattern, channel]) => [pattern, statedPermissions(channel)])),
    defaultPermissions(hasCredentials(access)),
  )
  const kept = presenceKept(new Map(channels.map(([pattern, { presence }]) => [pattern, presence])))
  const rules = channels.map(([pattern, channel]) => ({
    ...ruleOf(pattern, channel, { limits, permissions: permissions.get(pattern) as Permissions }),
    ...(kept.has(pattern) && { presence: true }),
  }))
  return {
    listen,
    engine: engineOf(parsed.data),
    node: {
      name: node.name ?? null,
      advertise: node.advertise ?? null,
      leaseMs: node.lease * 1000,
    },
    limits,
    open,
    sockjs: sockJsConfigOf(parsed.data.sockjs),
    reservedPaths: Object.keys(parsed.data.sockjs.paths),
    access,
    rules: new Rules(closedToPublishers(rules, parsed.data.ingest)),
    tls: tls ? { cert: tls.cert, key: tls.key, ...(tls.ca !== undefined && { ca: tls.ca }) } : null,
    log: { level: log.level, format: log.format ?? null },
    stomp: { ...parsed.data.stomp, tcp: parsed.data.stomp.tcp ?? null },
    hooks: hooksConfigOf(parsed.data.hooks),
    watch: watchConfigOf(parsed.data.watch),
    ingest: ingestConfigOf(parsed.data.ingest),
  }
}

/** The permissions that a channel's rule states; what it leaves out is filled in from wider rules. */
function statedPermissions({
  listen,
  publish,
  presence,
  readHistory,
  manage,
}: ChannelOutput): StatedPermissions {
  return {
    ...(listen && { listen }),
    ...(publish && { publish }),
    ...(typeof presence === "string" && { presence }),
    ...(readHistory && { history: readHistory }),
    ...(manage && { manage }),
  }
}

/** The rule of a path at which STOMP is spoken (`stomp.paths`): no channel, so nobody may do anything there, by any transport. */
const closedChannel: ChannelOutput = {
  history: "none",
  slow: defaultRule.slow,
  listen: "nobody",
  publish: "nobody",
  presence: "nobody",
  readHistory: "nobody",
  manage: "nobody",
}

const defaultChannel: ChannelOutput = { history: {}, slow: defaultRule.slow }

function ruleOf(
  pattern: string,
  { history, slow }: ChannelOutput,
  { limits, permissions }: { readonly limits: Limits; readonly permissions: Permissions },
): Rule {
  if (history === "none") return { pattern, keep: null, slow, permissions }
  const standard = defaultRule.keep as NonNullable<Rule["keep"]>
  const {
    count = standard.count,
    bytes = Math.min(standard.bytes, limits.historyBytesMax),
    time: timeMs = standard.timeMs,
    budget,
  } = history
  const part = budget === undefined ? {} : { budget: { name: `rule:${pattern}` as const, bytes: budget } }
  return { pattern, keep: { count, bytes, timeMs, ...part }, slow, permissions }
}

function hasPattern({ channels }: ConfigOutput, text: string): boolean {
  return Object.keys(channels).some((pattern) => parsePattern(pattern).text === text)
}
