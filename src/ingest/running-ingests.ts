// All ingests of a node: started and stopped as the configuration says, each a change of its own.
import { LabaError } from "../../wire/error.ts"
import type { Channel } from "../channels/channel.ts"
import type { MaybePromise } from "../engines/engine.ts"
import type { Ingests, IngestConfig, IngestReport, ReplayReport } from "./ingest.ts"
import { IngestRunner, type IngestRunnerOptions } from "./ingest-runner.ts"
import { checkNoDeadLetters, deadLetterChannels } from "./pipeline/dead-letter-channels.ts"
import { enginePartition } from "./pipeline/partition-queue.ts"
import { replayDeadLetters, type DeadLetterSource } from "./replay-dead-letters.ts"
import type { SeekPlace } from "./source.ts"

interface RunningIngestsOptions extends Omit<IngestRunnerOptions, "config"> {
  /** How long an ingest that is changed or taken out may publish what it has taken. */
  readonly drainMs: () => number
  readonly deadLetters: DeadLetterSource
  /** Forgets what was published of all partitions whose names begin so. */
  readonly forgetSources: (prefix: string) => MaybePromise<void>
}

export class RunningIngests implements Ingests {
  private readonly options: RunningIngestsOptions
  private readonly runners = new Map<string, IngestRunner>()
  /** What has to end before another begins: it may be the same under a new name, and two would read from one another. */
  private readonly ending = new Map<string, Promise<void>>()
  private deadLetterChannels: ReadonlySet<string> = new Set()
  private stopped = false

  constructor(options: RunningIngestsOptions) {
    this.options = options
  }

  /** Runs these from now on. What is as it was goes on; what is changed is drained and begins anew. */
  configure(configs: readonly IngestConfig[]): void {
    const wanted = new Map(configs.map((config) => [config.name, config]))
    this.deadLetterChannels = deadLetterChannels(configs)
    for (const [name, runner] of this.runners) {
      const config = wanted.get(name)
      if (!config || printIngest(config) !== printIngest(runner.config)) this.end(name, runner)
    }
    for (const [name, config] of wanted) if (!this.runners.has(name)) this.begin(name, config)
  }

  get names(): readonly string[] {
    return [...this.runners.keys()]
  }

  get figures(): readonly IngestRunner["figures"][] {
    return [...this.runners.values()].map(({ figures }) => figures)
  }

  /** Whether all are well that the node's readiness depends on. */
  get isReady(): boolean {
    return [...this.runners.values()].every(
      ({ config, state }) => !config.ready || (state !== "starting" && state !== "away"),
    )
  }

  async reports(): Promise<readonly IngestReport[]> {
    return Promise.all([...this.runners.values()].map((runner) => runner.report()))
  }

  pause(name: string): void {
    this.find(name).pause()
  }

  resume(name: string): void {
    this.find(name).resume()
  }

  async replay(name: string): Promise<ReplayReport> {
    const { config, route } = this.find(name)
    if (config.deadLetter === "source")
      throw new LabaError(
        "bad_request",
        "Its dead letters are at its source: replay them there, or read on from an earlier place with `from`.",
      )
    const { port, deadLetters } = this.options
    return replayDeadLetters({ name, channel: config.deadLetter, route, port, deadLetters })
  }

  async release(name: string): Promise<void> {
    await this.find(name).release()
  }

  async forgetPublished(name: string, partition: string | null): Promise<void> {
    this.find(name)
    await this.options.forgetSources(partition === null ? `${name}:` : enginePartition(name, partition))
  }

  async seek(name: string, place: SeekPlace): Promise<boolean> {
    return this.find(name).seek(place)
  }

  async stop(drainMs: number): Promise<void> {
    this.stopped = true
    await Promise.all([...this.runners.values()].map((runner) => runner.stop(drainMs)))
    await Promise.all(this.ending.values())
  }

  private find(name: string): IngestRunner {
    const runner = this.runners.get(name)
    if (runner) return runner
    throw new LabaError("not_found", "There is no ingest of this name.")
  }

  private end(name: string, runner: IngestRunner): void {
    this.runners.delete(name)
    const before = this.ending.get(name) ?? Promise.resolve()
    const ended = before.then(() => runner.stop(this.options.drainMs()))
    this.ending.set(name, ended)
    void ended.finally(() => {
      if (this.ending.get(name) === ended) this.ending.delete(name)
    })
  }

  private begin(name: string, config: IngestConfig): void {
    const checkName = (channel: Channel): void => {
      checkNoDeadLetters(channel, this.deadLetterChannels)
      this.options.checkName(channel)
    }
    const runner = new IngestRunner({ ...this.options, checkName, config })
    this.runners.set(name, runner)
    const start = (): void => {
      if (!this.stopped && this.runners.get(name) === runner) runner.start()
    }
    if (this.ending.size > 0) void Promise.all(this.ending.values()).then(start)
    else start()
  }
}

/** The configuration as one text, to be compared. It holds secrets. */
export const printIngest = ({ kind, ...config }: IngestConfig): string =>
  JSON.stringify({ ...config, kind: kind.name })
