// What a node writes down, one function an event, so that a name, its level and its fields are in one place. No event
// holds a payload, a query, a header or a credential: tokens travel in all of them. A refused origin is said, since nobody else would.
import type { Code } from "../../wire/codes.ts"
import type { LabaError } from "../../wire/error.ts"
import type { Log, LogFields } from "./log.ts"
import type { LogLevel } from "./log-options.ts"
import { Once } from "./once.ts"
import { Throttle } from "./throttle.ts"
import type { Alarm } from "../silence/silence.ts"

/** What may be told of a request. */
export interface RequestFacts {
  readonly method: string
  /** Without the query. */
  readonly path: string
}

/** What may be told of a connection. */
interface ConnectionFacts {
  readonly transport: string
  readonly protocol: string
}

/** Refusals by access rules and limits. */
const notLetIn: ReadonlySet<Code> = new Set<Code>([
  "unauthorized",
  "token_expired",
  "forbidden",
  "foreign_origin",
  "too_many_connections",
  "too_many_polls",
  "too_many_requests",
])

export class Events {
  private readonly log: Log
  private readonly throttle: Throttle
  private readonly origins = new Once()
  private readonly probes = new Once()

  constructor(log: Log, throttle: Throttle = new Throttle()) {
    this.log = log
    this.throttle = throttle
  }

  /** The node listens. */
  started(facts: {
    readonly url: string
    readonly stompPort?: number
    readonly engine: string
    readonly version: string
  }): void {
    this.write("info", { event: "started", ...facts }, "Listening.")
  }

  /** Something about this machine or configuration will hurt under load. */
  startWarning(
    level: "info" | "warn",
    warning: { readonly name: string; readonly what: string; readonly remedy: string },
  ): void {
    const { name, what, remedy } = warning
    this.write(level, { event: "start_warning", name, remedy }, what)
  }

  /** A reload wants STOMP at a port that cannot be listened at: it is still spoken at the old one, where there was one. */
  stompPortFailed(port: number, stillAt: number | null, error: unknown): void {
    this.write(
      "error",
      { event: "stomp_port_failed", port, stillAt, error },
      "STOMP cannot be spoken at its new port; the next reload tries again.",
    )
  }

  /** Somebody spoke TLS at a port of STOMP that speaks none, or the other way round: they get nothing that they could read. */
  stompPortMismatch(spoken: "tls" | "plain"): void {
    if (!this.probes.first(`stomp ${spoken}`)) return
    const remedy =
      spoken === "plain"
        ? "Let the client connect by TLS: the port speaks it since `tls` is configured."
        : "Let the client connect without TLS, or configure `tls`, which holds for HTTP and STOMP."
    this.write(
      "warn",
      { event: "stomp_port_mismatch", spoken, remedy },
      spoken === "plain"
        ? "A client spoke plain TCP at the port of STOMP, which speaks TLS."
        : "A client spoke TLS at the port of STOMP, which speaks plain TCP.",
    )
  }

  /** A proxy connects to STOMP's port and does not say for whom, though it has to. */
  proxyMute(address: string): void {
    if (!this.probes.first(`proxy ${address}`)) return
    const remedy = "Let it send the PROXY protocol, version 1 or 2, or take `stomp.proxyProtocol` away."
    this.write(
      "warn",
      { event: "proxy_header_missing", address, remedy },
      "A proxy did not say for whom it connects to the port of STOMP.",
    )
  }

  /** The node takes no one new and sends away who is here. */
  draining(facts: { readonly connections: number; readonly seconds: number }): void {
    this.write("info", { event: "draining", ...facts }, "Sending everybody away.")
  }

  stopped(): void {
    this.write("info", { event: "stopped" }, "Stopped.")
  }

  /** Somebody was refused. Access and limits are worth a look; the rest is one client's mistake, and for debugging. */
  refused(refused: RequestFacts | ConnectionFacts, error: LabaError): void {
    if (notLetIn.has(error.code)) this.connectionRefused(refused, error.code)
    else this.requestRefused(refused, error.code)
  }

  /**
   * Pages of an origin, or whoever names a host or a proxy, are not let in; `detail` says what would be right. A browser shows
   * its user nothing of that, so it is said here, once for each.
   */
  originRefused(detail: string): void {
    if (!this.origins.first(detail)) return
    this.write("warn", { event: "origin_refused", detail }, "An origin was not let in.")
  }

  /** A health check or a scraper asks a channel, which answers 204 whatever happens. */
  channelProbed(path: string): void {
    if (!this.probes.first(path)) return
    const remedy = "Ask /_/ready or /_/live for its health, and /_/metrics for figures."
    this.write(
      "warn",
      { event: "channel_probed", channel: path, remedy },
      "This path is a channel like any other.",
    )
  }

  /** A SockJS client asks at a path of `stomp.paths`, and gets the answer of a channel. */
  sockJsMissed(path: string): void {
    if (!this.probes.first(`${path}/info`)) return
    const remedy = `Configure it beside \`stomp.paths\`: sockjs: { paths: { ${path}: stomp } }.`
    this.write(
      "warn",
      { event: "sockjs_missed", path, remedy },
      "SockJS was asked for, and this path speaks STOMP by WebSockets alone.",
    )
  }

  /** A WebSocket comes to a path of `sockjs.paths`, where a page that gave SockJS up still opens it. */
  stompMissed(path: string): void {
    if (!this.probes.first(`${path}/websocket`)) return
    const remedy = `Let the client open ${path}/websocket, or configure the path in both: stomp: { paths: [${path}] }.`
    this.write(
      "warn",
      { event: "stomp_missed", path, remedy },
      "A WebSocket was asked for, and this path speaks STOMP over SockJS alone.",
    )
  }

  requestRefused(refused: RequestFacts | ConnectionFacts, code: Code): void {
    this.writeThrottled("debug", { event: "request_refused", ...refused, code }, "A request was refused.")
  }

  connectionRefused(refused: RequestFacts | ConnectionFacts, code: Code): void {
    this.writeThrottled("info", { event: "connection_refused", ...refused, code }, "Somebody was not let in.")
  }

  /** A failure of ours, not of the client. */
  requestFailed(request: RequestFacts, error: unknown): void {
    this.writeThrottled("error", { event: "request_failed", ...request, error }, "A request failed.")
  }

  /** The same, on a connection that carries commands. */
  connectionFailed(connection: ConnectionFacts, error: unknown): void {
    this.writeThrottled("error", { event: "connection_failed", ...connection, error }, "A command failed.")
  }

  /** The application threw where it was asked. */
  hookFailed(hook: string, error: unknown): void {
    this.writeThrottled("error", { event: "hook_failed", hook, error }, "The application's hook failed.")
  }

  /** A backend was not told something, and never will be. */
  hookTellsLost(hook: string, why: string): void {
    this.writeThrottled(
      "error",
      { event: "hook_tells_lost", hook, why },
      "A backend will not hear of something.",
    )
  }

  slowReaderClosed(reader: { readonly channel: string; readonly kind: string }): void {
    this.writeThrottled("info", { event: "slow_reader_closed", ...reader }, "A reader was too slow.")
  }

  /** A history went before its time, because all of them together are more than `limits.historyBytesMax`. */
  historyTrimmed(channel: string): void {
    this.writeThrottled("info", { event: "history_trimmed", channel }, "The budget for history is used up.")
  }

  engineUnavailable(error: unknown): void {
    this.writeThrottled("error", { event: "engine_unavailable", error }, "The engine cannot be reached.")
  }

  /** The node no longer hears what it publishes itself, or hears it again. */
  deaf(isDeaf: boolean): void {
    if (isDeaf) this.write("error", { event: "deaf" }, "The node does not hear its engine.")
    else this.write("warn", { event: "hears_again" }, "The node hears its engine again.")
  }

  /** Another node came, or is gone. */
  nodeChanged(what: "came" | "gone", run: string): void {
    this.write("info", { event: `node_${what}`, run }, what === "came" ? "A node came." : "A node is gone.")
  }

  /** This node's clock is off, or right again. Ahead of that of Redis by so much; negative when it is behind. */
  clockOffset(offsetMs: number, isOff: boolean): void {
    const fields = { event: isOff ? "clock_off" : "clock_right", offsetMs }
    if (isOff)
      this.write(
        "warn",
        fields,
        "This machine's clock and that of Redis differ: tokens and signatures are judged wrongly.",
      )
    else this.write("info", fields, "This machine's clock is right again.")
  }

  /** What the engine stores on fails; null when it works again. */
  engineTrouble(says: string | null): void {
    if (says === null) this.write("warn", { event: "engine_recovered" }, "The engine stores again.")
    else
      this.writeThrottled(
        "error",
        { event: "engine_trouble" },
        `${says.charAt(0).toUpperCase()}${says.slice(1)}.`,
      )
  }

  /** A watched channel is silent, or back. */
  alarmRaised(alarm: Alarm): void {
    const { alarm: kind, channel, silentSeconds, last } = alarm
    const fields = { channel, silent_seconds: silentSeconds, last }
    if (kind === "silent")
      this.write("warn", { event: "channel_silent", ...fields }, "A watched channel is silent.")
    else this.write("warn", { event: "channel_back", ...fields }, "A watched channel is back.")
  }

  /** Somebody could not be told of an alarm. Tried again, unless it is given up. */
  alarmNotTold(whom: string, error: unknown, isGivenUp: boolean): void {
    const event = isGivenUp ? "alarm_given_up" : "alarm_not_told"
    this.writeThrottled(
      isGivenUp ? "error" : "warn",
      { event, whom, error },
      "Somebody could not be told of an alarm.",
    )
  }

  /** A watch cannot see its channels, or cannot agree with the other nodes on who tells. */
  watchBlind(error: unknown): void {
    this.writeThrottled("error", { event: "watch_blind", error }, "A watch cannot see.")
  }

  /** An ingest reads its source, for the first time or again. */
  ingestRunning(name: string, source: string): void {
    this.write("info", { event: "ingest_running", ingest: name, source }, "An ingest reads its source.")
  }

  /** The source of an ingest is away, or refuses it. It is tried again. Said once for each reason. */
  ingestAway(name: string, says: string): void {
    this.writeThrottled(
      "warn",
      { event: "ingest_away", ingest: name, says },
      "An ingest cannot read its source.",
    )
  }

  /** The engine takes nothing from an ingest, and so its source waits. */
  ingestHeld(name: string, error: unknown): void {
    this.writeThrottled(
      "warn",
      { event: "ingest_held", ingest: name, error },
      "The engine takes nothing from an ingest.",
    )
  }

  /** An ingest reads on, and what is at fault waits with its source's partition. */
  ingestDeadLettersRefused(name: string, says: string): void {
    this.writeThrottled(
      "warn",
      { event: "ingest_dead_letters_refused", ingest: name, says },
      "The source of an ingest takes no dead letters.",
    )
  }

  /** The lease of an ingest could be neither taken nor kept: no node begins to read by it. */
  ingestLeaseUnknown(name: string, error: unknown): void {
    this.writeThrottled(
      "warn",
      { event: "ingest_lease_unknown", ingest: name, error },
      "It is not known which node reads the source of an ingest.",
    )
  }

  /** Messages were at fault since this was last said, at most once a minute. The reason is that of the newest. */
  ingestSetAside(name: string, reason: string, count: number): void {
    const fields = { event: "ingest_set_aside", ingest: name, reason, count }
    this.write("warn", fields, "Messages of a source were set aside.")
  }

  /** A message was at fault, and could not even be set aside: it is lost. */
  ingestSetAsideFailed(name: string, error: unknown): void {
    this.writeThrottled(
      "error",
      { event: "ingest_message_lost", ingest: name, error },
      "A message of a source could not be set aside.",
    )
  }

  /** The keys of those who issue tokens could not be fetched. What came before is believed for a while. */
  issuerUnavailable(host: string, error: unknown): void {
    this.writeThrottled(
      "error",
      { event: "issuer_unavailable", host, error },
      "A token issuer's keys cannot be fetched.",
    )
  }

  configReloaded(changes: readonly string[]): void {
    this.write("info", { event: "config_reloaded", changes }, "The configuration was read again.")
  }

  /** These keys were changed and hold only after a restart. */
  configNeedsRestart(keys: readonly string[]): void {
    this.write(
      "warn",
      { event: "config_needs_restart", keys },
      "A part of the configuration waits for a restart.",
    )
  }

  configRefused(problems: string): void {
    this.write(
      "error",
      { event: "config_refused", problems },
      "The configuration has mistakes; nothing was changed.",
    )
  }

  private write(level: Exclude<LogLevel, "silent">, fields: LogFields, message: string): void {
    if (this.log.writes(level)) this.log.write(level, fields, message)
  }

  /** For what clients can cause: ten a second of each event, and the next line tells how many were left out. */
  private writeThrottled(level: Exclude<LogLevel, "silent">, fields: LogFields, message: string): void {
    if (!this.log.writes(level)) return
    const leftOut = this.throttle.pass(fields.event)
    if (leftOut === null) return
    this.log.write(level, leftOut > 0 ? { ...fields, left_out: leftOut } : fields, message)
  }
}
