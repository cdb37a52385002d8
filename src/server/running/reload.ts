// Reads the configuration again and uses what can be used without a restart. A configuration with mistakes changes
// nothing. Knows which keys those are, not what they do.
import { LabaError } from "../../../wire/error.ts"
import type { Limits } from "../../../wire/limits.ts"
import type { ConfigChange, ReloadReport } from "../../http/backend/backend.ts"
import type { Rule } from "../../channels/channel.ts"
import { refuseOpening } from "../../config/checks/open-by-accident.ts"
import { type Config, type ConfigInput, parseConfig } from "../../config/config.ts"
import type { MaybePromise } from "../../engines/engine.ts"
import { printIngest } from "../../ingest/running-ingests.ts"
import type { Counters } from "../../telemetry/counters.ts"
import type { Events } from "../../telemetry/events.ts"

/**
 * Limits that hold only after a restart. The first two are Bun's too, and it is told once; the third was promised to
 * every client in its `hello`.
 */
const fixedLimits: readonly (keyof Limits)[] = ["messageBytesMax", "outboxBytesMax", "heartbeatSeconds"]

/** Parts of the configuration that hold only after a restart. */
const fixedParts = [
  "listen",
  "engine",
  "node",
  "open",
  "tls",
  "log",
  "hooks",
] as const satisfies readonly (keyof Config)[]

const stompPortKey = "stomp.tcp"

export interface ReloaderOptions {
  readonly config: Config
  /** Reads the configuration again; null when the server was started with options alone. */
  readonly read: (() => MaybePromise<ConfigInput>) | null
  /** Uses another configuration. What needs a restart is in it as it was. Answers why STOMP's TCP port is not what it should be; null when it is. */
  readonly use: (config: Config) => string | null
  readonly counters: Pick<Counters, "reloads" | "reloadsFailed">
  readonly events: Pick<Events, "configReloaded" | "configNeedsRestart" | "configRefused">
}

export class Reloader {
  /** What is in use. */
  current: Config
  private readonly options: ReloaderOptions
  private last: Promise<unknown> = Promise.resolve()

  constructor(options: ReloaderOptions) {
    this.options = options
    this.current = options.config
  }

  /** One at a time. Throws `bad_config` with all that is wrong, and `not_found` when there is nothing to read. */
  reload(dry: boolean): Promise<ReloadReport> {
    const turn = this.last.then(() => this.carryOut(dry))
    this.last = turn.catch(() => undefined)
    return turn
  }

  private async carryOut(dry: boolean): Promise<ReloadReport> {
    const { counters, events, use } = this.options
    const config = await this.read(dry)
    const changes = changesBetween(this.current, config)
    if (dry) return { dry, changes }
    const before = this.current.stomp.tcp
    this.current = usable(this.current, config)
    const portFailure = use(this.current)
    if (portFailure !== null) {
      // What is in force, so that the next reload finds it changed again.
      this.current = { ...this.current, stomp: { ...this.current.stomp, tcp: before } }
      const failed = changes.findIndex(({ key }) => key === stompPortKey)
      changes[failed] = { key: stompPortKey, holds: "not-yet", detail: portFailure }
    }
    counters.reloads++
    const keysThat = (heldPolls: ConfigChange["holds"]): string[] =>
      changes.filter((change) => change.holds === heldPolls).map(({ key }) => key)
    events.configReloaded(keysThat("now"))
    const waiting = keysThat("after-restart")
    if (waiting.length > 0) events.configNeedsRestart(waiting)
    return { dry, changes }
  }

  private async read(dry: boolean): Promise<Config> {
    const { counters, events, read } = this.options
    if (!read) {
      throw new LabaError(
        "not_found",
        "This server was started with options in a program: there is no configuration to read again.",
      )
    }
    try {
      const config = parseConfig(await read())
      refuseOpening(this.current, config)
      return config
    } catch (error) {
      const problems = error instanceof Error ? error.message : String(error)
      if (!dry) {
        counters.reloadsFailed++
        events.configRefused(problems)
      }
      throw new LabaError("bad_config", `Nothing was changed. ${problems}`, { cause: error })
    }
  }
}

/** The new configuration, where it can be used, and the old one where it waits for a restart. */
function usable(before: Config, after: Config): Config {
  const limits = { ...after.limits }
  for (const name of fixedLimits) limits[name] = before.limits[name]
  const parts = Object.fromEntries(fixedParts.map((name) => [name, before[name]]))
  return { ...after, ...parts, limits }
}

/** Keys that differ, by name only: values may be secrets. */
function changesBetween(before: Config, after: Config): ConfigChange[] {
  const changes: ConfigChange[] = []
  const compare = (
    key: string,
    pair: readonly [unknown, unknown],
    heldPolls: ConfigChange["holds"] = "now",
  ): void => {
    if (JSON.stringify(pair[0]) !== JSON.stringify(pair[1])) changes.push({ key, holds: heldPolls })
  }
  for (const name of fixedParts) compare(name, [before[name], after[name]], "after-restart")
  const [rulesBefore, rulesAfter] = [rulesIn(before), rulesIn(after)]
  for (const pattern of new Set([...rulesBefore.keys(), ...rulesAfter.keys()])) {
    compare(`channels.${JSON.stringify(pattern)}`, [rulesBefore.get(pattern), rulesAfter.get(pattern)])
  }
  for (const name of Object.keys(after.limits) as (keyof Limits)[]) {
    compare(
      `limits.${name}`,
      [before.limits[name], after.limits[name]],
      fixedLimits.includes(name) ? "after-restart" : "now",
    )
  }
  compare("stomp.paths", [before.stomp.paths, after.stomp.paths])
  compare("stomp.proxyProtocol", [before.stomp.proxyProtocol, after.stomp.proxyProtocol])
  compare(stompPortKey, [before.stomp.tcp, after.stomp.tcp])
  compare("watch", [before.watch, after.watch])
  const [ingestsBefore, ingestsAfter] = [ingestsIn(before), ingestsIn(after)]
  for (const name of new Set([...ingestsBefore.keys(), ...ingestsAfter.keys()]))
    compare(`ingest.${name}`, [ingestsBefore.get(name), ingestsAfter.get(name)])
  compare("sockjs", [printable(before.sockjs), printable(after.sockjs)])
  for (const name of Object.keys(after.access) as (keyof Config["access"])[]) {
    compare(name, [before.access[name], after.access[name]])
  }
  return changes
}

const printable = ({ paths, ...more }: Config["sockjs"]) => ({ ...more, paths: Object.fromEntries(paths) })

const ingestsIn = ({ ingest }: Config): ReadonlyMap<string, string> =>
  new Map(ingest.map((one) => [one.name, printIngest(one)]))

const rulesIn = ({ rules }: Config): ReadonlyMap<string, Rule> =>
  new Map(rules.entries.map((rule) => [rule.pattern, rule]))
