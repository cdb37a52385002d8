// Runs all watches of a node: each monitor looks in its rhythm, and what it notices is told once in a cluster. Knows nothing
// of how it is told.
import type { Clock } from "../bounds/clock.ts"
import { parsePattern } from "../channels/pattern.ts"
import type { Leases } from "../cluster/leases.ts"
import type { MonitoredEngine, NamedAlarm } from "./silence-monitor.ts"
import { SilenceMonitor, watchedMax } from "./silence-monitor.ts"
import type { Alarm, Watch } from "./silence.ts"

const holdMsUsual = 30_000

/** How long an alarm is known to have been told, at least: nodes notice the same a little apart, or start meanwhile. */
const toldMsMin = 600_000

interface WatchRunnerOptions<W extends Watch> {
  readonly engine: MonitoredEngine
  readonly leases: Leases
  readonly clock: Clock
  /** How long an alarm is ours without word from us: a node that died while telling is followed after that. Default 30 s. */
  readonly holdMs?: number
  /** Tells an alarm to all whom the watch names. Resolves when each was told, or was given up. */
  readonly tell: (watch: W, alarm: Alarm) => Promise<void>
  /**
   * The engine, or what keeps the leases, cannot be asked; told when that begins. The watch goes on, and notices nothing meanwhile.
   * Or more channels fit a pattern than are watched.
   */
  readonly onTrouble: (error: unknown) => void
}

interface RunningWatch<W> {
  readonly watch: W
  readonly monitor: SilenceMonitor
  /** Noticed and, as far as we know, told by nobody yet. In order: that one is back comes after that it was silent. */
  readonly untold: NamedAlarm[]
  isTelling: boolean
  /** What trouble it has, and was told. */
  isBlind: boolean
  isOverfull: boolean
  stop: () => void
}

export class WatchRunner<W extends Watch> {
  private readonly options: WatchRunnerOptions<W>
  private running: readonly RunningWatch<W>[] = []

  constructor(options: WatchRunnerOptions<W>) {
    this.options = options
  }

  /** Watches these from now on. One that was there before goes on as it was. */
  configure(watches: readonly W[]): void {
    const before = new Map(this.running.map((running) => [JSON.stringify(running.watch), running]))
    this.running = watches.map((watch) => {
      const key = JSON.stringify(watch)
      const known = before.get(key)
      before.delete(key)
      return known ?? this.begin(watch)
    })
    for (const running of before.values()) running.stop()
  }

  stop(): void {
    this.configure([])
  }

  private begin(watch: W): RunningWatch<W> {
    const { engine, clock } = this.options
    const monitor = new SilenceMonitor(watch, parsePattern(watch.channel), engine, clock)
    let stopped = false
    let cancel = (): void => {}
    const running: RunningWatch<W> = {
      watch,
      monitor,
      untold: [],
      isTelling: false,
      isBlind: false,
      isOverfull: false,
      stop() {
        stopped = true
        cancel()
      },
    }
    const again = async (): Promise<void> => {
      await this.round(running)
      if (!stopped) cancel = clock.after(monitor.lookEveryMs, () => void again())
    }
    void again()
    return running
  }

  private async round(running: RunningWatch<W>): Promise<void> {
    try {
      running.untold.push(...(await running.monitor.look()))
      running.isBlind = false
    } catch (error) {
      // Once, and not with every look.
      if (!running.isBlind) this.options.onTrouble(error)
      running.isBlind = true
    }
    if (running.monitor.isOverfull && !running.isOverfull) {
      running.isOverfull = true
      const { channel } = running.watch
      this.options.onTrouble(
        new Error(`more than ${watchedMax} channels fit ${channel}: the rest is not watched`),
      )
    }
    // Not awaited: telling may take long, and the looking goes on.
    if (!running.isTelling && running.untold.length > 0) void this.tellAll(running)
  }

  private async tellAll(running: RunningWatch<W>): Promise<void> {
    running.isTelling = true
    try {
      for (let next = running.untold[0]; next; next = running.untold[0]) {
        if ((await this.tellOnce(running, next)) === "held") break
        running.untold.shift()
      }
    } catch (error) {
      if (!running.isBlind) this.options.onTrouble(error)
      running.isBlind = true
    } finally {
      running.isTelling = false
    }
  }

  /** `held`: another node tells it now; we ask again, lest it dies before it is done. */
  private async tellOnce({ watch }: RunningWatch<W>, { name, alarm }: NamedAlarm): Promise<"done" | "held"> {
    const { leases, clock, tell, onTrouble, holdMs = holdMsUsual } = this.options
    const whose = await leases.acquire(name, holdMs)
    if (whose !== "ours") return whose
    let cancel = (): void => {}
    const hold = (): void => {
      cancel = clock.after(holdMs / 3, () => {
        Promise.resolve(leases.acquire(name, holdMs)).catch(onTrouble)
        hold()
      })
    }
    hold()
    try {
      await tell(watch, alarm)
    } finally {
      cancel()
    }
    await leases.markDone(name, Math.max(toldMsMin, 10 * watch.silentMs))
    return "done"
  }
}
