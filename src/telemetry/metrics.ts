// The metrics of a node, in the text format of Prometheus. Values are read from plain counters when somebody asks, so
// that counting costs nothing but the counting. docs/guide/operation.md says what each is good for.
import { Counter, Gauge, Registry } from "prom-client"
import type { EngineFigures } from "../engines/inventory.ts"
import type { Counters } from "./counters.ts"
import type { LoopLag } from "./loop-lag.ts"

/** Where the values are. */
export interface MetricSources {
  readonly version: string
  readonly counters: Counters
  readonly lag: LoopLag
  /** Open now, and ever, by transport and protocol. */
  readonly connections: () => Record<"open" | "opened", Tally>
  readonly heldPolls: () => number
  readonly connectsDelayed: () => number
  readonly listenedChannels: () => number
  readonly ringBytes: () => number
  /** What waits for acknowledgements, in messages and bytes. */
  readonly unacknowledged: Readonly<Record<"messages" | "bytes", { readonly used: number }>>
  readonly users: () => number
  /** Nodes that are alive as far as this one knows, itself too. */
  readonly nodes: () => number
  /** How far this node's clock is ahead of that of Redis, in milliseconds; null where it is not compared. */
  readonly clockOffsetMs: () => number | null
  readonly engine: () => EngineFigures
  /** Backends that hooks call: what they have not heard yet, and how many are left alone since they do not answer. */
  readonly hooks: () => { readonly pending: number; readonly away: number }
  /** Each ingest: how it stands, and what it did. */
  readonly ingests: () => readonly IngestFigures[]
  readonly ready: () => boolean
  readonly residentBytes: () => number
  /** How many descriptors this process may have open; null where that cannot be known. */
  readonly descriptorsMax: number | null
}

/** What is counted of one ingest. Its name is its operator's. */
interface IngestFigures {
  readonly name: string
  readonly state: string
  /** When somebody asked for it last; null when unknown. */
  readonly lag: number | null
  readonly inFlight: number
  readonly inFlightBytes: number
  readonly published: number
  readonly duplicates: number
  readonly passedOver: number
  readonly deadLetters: number
}

/** Numbers by transport and protocol. */
type Tally = Readonly<Record<string, Readonly<Partial<Record<string, number>>>>>

type Labels = Readonly<Record<string, string>>
type Values = Iterable<readonly [Labels, number]>

export class Metrics {
  private readonly registry = new Registry()

  constructor(sources: MetricSources) {
    const { counters, lag } = sources
    const startedSeconds = Date.now() / 1000
    this.gauge("laba_info", "The version that runs, as a label; always 1.", () => [
      [{ version: sources.version }, 1],
    ])
    this.gauge(
      "laba_start_time_seconds",
      "When the process started, in seconds since 1970.",
      () => startedSeconds,
    )
    this.gauge("laba_ready", "1 while /_/ready answers 200.", () => (sources.ready() ? 1 : 0))

    this.gauge("laba_connections", "Open connections, by transport and protocol.", () =>
      inTally(sources.connections().open),
    )
    this.counter(
      "laba_connects_delayed_total",
      "Connections that had to wait for their turn, by the limit on connects a second.",
      sources.connectsDelayed,
    )
    this.counter(
      "laba_connections_opened_total",
      "Connections that were opened, by transport and protocol.",
      () => inTally(sources.connections().opened),
    )
    this.gauge("laba_polls_held", "Long-polls that wait for a message.", sources.heldPolls)
    this.gauge("laba_nodes", "Nodes that this one knows to be alive, itself too.", sources.nodes)
    this.gauge(
      "laba_clock_offset_seconds",
      "How far this node's clock is ahead of that of Redis; negative when it is behind. Without Redis there is none.",
      () => {
        const offsetMs = sources.clockOffsetMs()
        return offsetMs === null ? [] : offsetMs / 1000
      },
    )
    this.gauge("laba_users", "Users with a connection here.", sources.users)
    this.gauge(
      "laba_channels_heard",
      "Channels that somebody on this node listens to.",
      sources.listenedChannels,
    )
    this.gauge(
      "laba_ring_bytes",
      "Bytes of messages that wait for listeners that lag or are replayed.",
      sources.ringBytes,
    )

    this.counter(
      "laba_messages_total",
      "Messages accepted, repetitions not counted.",
      () => counters.published,
    )
    this.counter("laba_message_bytes_total", "Bytes of payload accepted.", () => counters.publishedBytes)
    this.counter(
      "laba_duplicates_total",
      "Publishes answered from memory for a repeated Idempotency-Key.",
      () => counters.duplicates,
    )
    this.counter("laba_publishes_refused_total", "Publishes that were refused, by code.", () =>
      byLabel("code", counters.publishesRefused),
    )
    this.counter("laba_requests_refused_total", "Requests answered with an error, by code.", () =>
      byLabel("code", counters.requestsRefused),
    )
    this.counter(
      "laba_error_frames_total",
      "Errors told in frames of laba.v1 and STOMP, by code: refused commands, and why subscriptions and connections ended.",
      () => byLabel("code", counters.errorFrames),
    )
    this.counter(
      "laba_deliveries_total",
      "Messages times listeners that they were written to.",
      () => counters.delivered,
    )
    this.counter(
      "laba_delivery_bytes_total",
      "Bytes of payload written to listeners, without what protocols add.",
      () => counters.deliveredBytes,
    )

    this.counter("laba_drops_total", "Readers that lost their connection or messages, by reason.", () => [
      [{ reason: "slow" }, counters.slowClosed],
      [{ reason: "cut" }, counters.slowCut],
      [{ reason: "skipped" }, counters.slowSkipped],
      [{ reason: "silent" }, counters.silent],
    ])
    this.counter(
      "laba_nacks_total",
      "Messages that STOMP clients said they could not take.",
      () => counters.nacked,
    )
    this.gauge(
      "laba_unacknowledged_messages",
      "Messages that STOMP subscriptions have not acknowledged, or that wait for acknowledgements.",
      () => sources.unacknowledged.messages.used,
    )
    this.gauge(
      "laba_unacknowledged_bytes",
      "Bytes of messages that wait for acknowledgements to be sent.",
      () => sources.unacknowledged.bytes.used,
    )
    this.counter(
      "laba_acknowledgement_pauses_total",
      "Times that a STOMP subscription had to go on from the history, since no more could wait for its acknowledgements.",
      () => counters.acknowledgementPauses,
    )
    this.counter(
      "laba_resumes_total",
      "Listeners that came with a cursor and got all they had missed.",
      () => counters.resumed,
    )
    this.counter(
      "laba_resets_total",
      "Listeners that came with a cursor and were told to reload, by reason.",
      () => byLabel("reason", Object.entries(counters.resetsBy)),
    )

    this.gauge(
      "laba_loop_lag_seconds",
      "How late the event loop was when it was last looked at.",
      () => lag.lastMs / 1000,
    )
    this.gauge(
      "laba_loop_lag_max_seconds",
      "The latest that the event loop was in the last 30 seconds.",
      () => lag.maxMs / 1000,
    )
    this.counter(
      "laba_loop_lag_seconds_total",
      "All lags of the event loop together.",
      () => lag.totalMs / 1000,
    )

    this.gauge("laba_history_bytes", "What history costs on this node.", () =>
      known(sources.engine().historyBytes),
    )
    this.gauge("laba_channels_known", "Channels that have a history, a number or a listener.", () =>
      known(sources.engine().channels),
    )
    this.gauge("laba_idempotency_keys", "Idempotency-Keys that are remembered.", () =>
      known(sources.engine().idempotencyKeys),
    )
    this.counter(
      "laba_history_trims_total",
      "Channels whose history went before its time, for the node's budget.",
      () => counters.historyTrimmed,
    )

    this.counter(
      "laba_hook_failures_total",
      "Times that a hook of the application failed.",
      () => counters.hooksFailed,
    )
    this.gauge(
      "laba_hook_tells_pending",
      "What backends have to be told and have not heard yet.",
      () => sources.hooks().pending,
    )
    this.gauge(
      "laba_hook_backends_away",
      "Backends of hooks that are left alone for a while, since they do not answer.",
      () => sources.hooks().away,
    )
    this.counter(
      "laba_alarms_total",
      "Alarms of watches that this node has told, by kind: silent or back.",
      () => Object.entries(counters.alarms).map(([kind, count]) => [{ kind }, count]),
    )
    this.counter(
      "laba_alarms_untold_total",
      "Times that somebody could not be told of an alarm, tried again or given up.",
      () => counters.alarmsNotTold,
    )
    this.ingestMetrics(sources.ingests)
    this.counter(
      "laba_config_reloads_total",
      "Times the configuration was read again, by what came of it.",
      () => [
        [{ result: "used" }, counters.reloads],
        [{ result: "refused" }, counters.reloadsFailed],
      ],
    )
    this.gauge("laba_resident_memory_bytes", "Memory of the process.", sources.residentBytes)
    this.gauge("laba_file_descriptors_max", "Descriptors that the process may have open.", () =>
      known(sources.descriptorsMax ?? undefined),
    )
  }

  get contentType(): string {
    return this.registry.contentType
  }

  text(): Promise<string> {
    return this.registry.metrics()
  }

  private ingestMetrics(ingests: MetricSources["ingests"]): void {
    const each = (read: (one: IngestFigures) => number | null) => (): Values =>
      ingests().flatMap((one): (readonly [Labels, number])[] => {
        const value = read(one)
        return value === null ? [] : [[{ ingest: one.name }, value]]
      })
    this.gauge("laba_ingest_state", "1 for what each ingest does now, by state.", () =>
      ingests().map(({ name, state }) => [{ ingest: name, state }, 1]),
    )
    this.gauge(
      "laba_ingest_lag",
      "Messages that wait at the source of each ingest, where that is known.",
      each(({ lag }) => lag),
    )
    this.gauge(
      "laba_ingest_in_flight",
      "Messages that were taken from a source and are not answered for.",
      each(({ inFlight }) => inFlight),
    )
    this.gauge(
      "laba_ingest_in_flight_bytes",
      "Their bytes.",
      each(({ inFlightBytes }) => inFlightBytes),
    )
    this.counter("laba_ingest_messages_total", "Messages of sources, by what became of them.", () =>
      ingests().flatMap(({ name, published, duplicates, passedOver, deadLetters }) =>
        Object.entries({
          published,
          duplicate: duplicates,
          passed_over: passedOver,
          dead_letter: deadLetters,
        }).map(([result, count]): readonly [Labels, number] => [{ ingest: name, result }, count]),
      ),
    )
  }

  private gauge(name: string, help: string, read: () => number | Values): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      collect() {
        gauge.reset()
        for (const [labels, value] of valuesOf(read())) gauge.set({ ...labels }, value)
      },
    })
  }

  private counter(name: string, help: string, read: () => number | Values): void {
    const counter: Counter = new Counter({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      collect() {
        counter.reset()
        for (const [labels, value] of valuesOf(read())) counter.inc({ ...labels }, value)
      },
    })
  }
}

/** All that there are; none takes a value from a client. */
const labelNames = [
  "transport",
  "protocol",
  "code",
  "reason",
  "result",
  "version",
  "kind",
  "ingest",
  "state",
] as const

const valuesOf = (read: number | Values): Values => (typeof read === "number" ? [[{}, read]] : read)

/** Nothing where the engine cannot know: a zero would be a lie. */
const known = (value: number | undefined): Values => (value === undefined ? [] : [[{}, value]])

function* inTally(tally: Tally): Values {
  for (const [transport, protocols] of Object.entries(tally)) {
    for (const [protocol, count] of Object.entries(protocols)) yield [{ transport, protocol }, count ?? 0]
  }
}

function* byLabel(name: string, counts: Iterable<readonly [string, number]>): Values {
  for (const [value, count] of counts) yield [{ [name]: value }, count]
}
