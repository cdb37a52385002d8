// Keeps all watches of a node: makes each look in its rhythm, and has told what it notices, once in a cluster. Knows
// nothing of how it is told.
import { parsePattern } from "../channels/pattern.ts"
import type { Ground, Notice } from "./vigil.ts"
import { Vigil, watchedMax } from "./vigil.ts"
import type { Alarm, Claims, Watch, WatchClock } from "./watch.ts"

const holdMsUsual = 30_000

/** How long an alarm is known to have been told, at least: nodes notice the same a little apart, or start meanwhile. */
const toldMsMin = 600_000

interface WatchmanOptions<W extends Watch> {
  readonly ground: Ground
  readonly claims: Claims
  readonly clock: WatchClock
  /** How long an alarm is ours without word from us: a node that died while telling is followed after that. Default 30 s. */
  readonly holdMs?: number
  /** Tells an alarm to all whom the watch names. Resolves when each was told, or was given up. */
  readonly tell: (watch: W, alarm: Alarm) => Promise<void>
  /**
   * The engine, or what keeps the claims, cannot be asked; told when that begins. The watch goes on, and is deaf meanwhile.
   * Or more channels fit a pattern than are watched.
   */
  readonly onTrouble: (error: unknown) => void
}

interface Post<W> {
  readonly watch: W
  readonly vigil: Vigil
  /** Noticed and, as far as we know, told by nobody yet. In order: that one is back comes after that it was silent. */
  readonly untold: Notice[]
  isTelling: boolean
  /** What trouble it has, and was told. */
  isBlind: boolean
  isOverfull: boolean
  stop: () => void
}

export class Watchman<W extends Watch> {
  private readonly options: WatchmanOptions<W>
  private posts: readonly Post<W>[] = []

  constructor(options: WatchmanOptions<W>) {
    this.options = options
  }

  /** Watches these from now on. One that was there before goes on as it was. */
  configure(watches: readonly W[]): void {
    const before = new Map(this.posts.map((post) => [JSON.stringify(post.watch), post]))
    this.posts = watches.map((watch) => {
      const key = JSON.stringify(watch)
      const known = before.get(key)
      before.delete(key)
      return known ?? this.begin(watch)
    })
    for (const post of before.values()) post.stop()
  }

  stop(): void {
    this.configure([])
  }

  private begin(watch: W): Post<W> {
    const { ground, clock } = this.options
    const vigil = new Vigil(watch, parsePattern(watch.channel), ground, clock)
    let stopped = false
    let cancel = (): void => {}
    const post: Post<W> = {
      watch,
      vigil,
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
      await this.round(post)
      if (!stopped) cancel = clock.after(vigil.lookEveryMs, () => void again())
    }
    void again()
    return post
  }

  private async round(post: Post<W>): Promise<void> {
    try {
      post.untold.push(...(await post.vigil.look()))
      post.isBlind = false
    } catch (error) {
      // Once, and not with every look.
      if (!post.isBlind) this.options.onTrouble(error)
      post.isBlind = true
    }
    if (post.vigil.isOverfull && !post.isOverfull) {
      post.isOverfull = true
      const { channel } = post.watch
      this.options.onTrouble(
        new Error(`more than ${watchedMax} channels fit ${channel}: the rest is not watched`),
      )
    }
    // Not awaited: telling may take long, and the looking goes on.
    if (!post.isTelling && post.untold.length > 0) void this.tellAll(post)
  }

  private async tellAll(post: Post<W>): Promise<void> {
    post.isTelling = true
    try {
      for (let notice = post.untold[0]; notice; notice = post.untold[0]) {
        if ((await this.tellOnce(post, notice)) === "held") break
        post.untold.shift()
      }
    } catch (error) {
      if (!post.isBlind) this.options.onTrouble(error)
      post.isBlind = true
    } finally {
      post.isTelling = false
    }
  }

  /** `held`: another node tells it now; we ask again, lest it dies before it is done. */
  private async tellOnce({ watch }: Post<W>, { name, alarm }: Notice): Promise<"done" | "held"> {
    const { claims, clock, tell, onTrouble, holdMs = holdMsUsual } = this.options
    const whose = await claims.take(name, holdMs)
    if (whose !== "ours") return whose === "told" ? "done" : "held"
    let cancel = (): void => {}
    const hold = (): void => {
      cancel = clock.after(holdMs / 3, () => {
        Promise.resolve(claims.take(name, holdMs)).catch(onTrouble)
        hold()
      })
    }
    hold()
    try {
      await tell(watch, alarm)
    } finally {
      cancel()
    }
    await claims.told(name, Math.max(toldMsMin, 10 * watch.silentMs))
    return "done"
  }
}
