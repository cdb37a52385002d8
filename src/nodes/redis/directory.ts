// Which users are on which node, in Redis: each node writes its own users alone, how many connections each has, and the
// whole of it under its lease. So an old connection's close unbinds no newer one elsewhere, and a dead node leaves nothing.
import type { Link } from "../../engines/redis/link.ts"

/** Changes are written together after so long: a user who pages through a site costs one write, not five. */
const gatherMs = 50

/** Users in one command. */
const usersPerCommand = 500

export interface DirectoryOptions {
  readonly link: Link
  /** This node. */
  readonly self: string
  readonly leaseMs: number
  readonly countOf: (user: string) => number
  /** Everybody who is here. */
  readonly users: () => Iterable<string>
}

export class Directory {
  private readonly options: DirectoryOptions
  private readonly key: string
  private changed = new Set<string>()
  private timer: ReturnType<typeof setTimeout> | null = null
  private writing: Promise<void> = Promise.resolve()
  /** What is written may not be true: all of it is written anew at the next renewal. */
  private stale = false

  constructor(options: DirectoryOptions) {
    this.options = options
    this.key = options.link.key(options.self, "users")
  }

  /** A connection of the user came or went. */
  touch(user: string): void {
    this.changed.add(user)
    this.timer ??= setTimeout(() => {
      this.timer = null
      this.flush()
    }, gatherMs)
  }

  /** Which of these nodes a user has connections on. Throws `engine_unavailable`. */
  async nodesOf(user: string, among: readonly string[]): Promise<readonly string[]> {
    const { link } = this.options
    const found = await Promise.all(
      among.map(async (run) => (await link.command(run, "HEXISTS", link.key(run, "users"), user)) === 1),
    )
    return among.filter((_, index) => found[index])
  }

  /** The lease was renewed: what is written stays for another. Not `held`: it may be gone. */
  renewed(held: boolean): void {
    if (!held) this.stale = true
    this.flush()
  }

  async stop(): Promise<void> {
    if (this.timer) clearTimeout(this.timer)
    await this.writing
    const { link, self } = this.options
    await link.command(self, "UNLINK", this.key).catch(() => undefined)
  }

  private flush(): void {
    const isWhole = this.stale
    const users = this.changed
    this.changed = new Set()
    this.stale = false
    this.writing = this.writing
      .then(() => (isWhole ? this.writeAll() : this.write(users)))
      .catch(() => {
        this.stale = true
      })
  }

  private async writeAll(): Promise<void> {
    const { link, self, users } = this.options
    await link.command(self, "UNLINK", this.key)
    await this.write(users())
  }

  private async write(users: Iterable<string>): Promise<void> {
    const { link, self, countOf, leaseMs } = this.options
    let here: (string | number)[] = []
    let gone: string[] = []
    const send = async (): Promise<void> => {
      if (here.length > 0) await link.command(self, "HSET", this.key, ...here)
      if (gone.length > 0) await link.command(self, "HDEL", this.key, ...gone)
      here = []
      gone = []
    }
    for (const user of users) {
      const count = countOf(user)
      if (count > 0) here.push(user, count)
      else gone.push(user)
      if (here.length / 2 + gone.length >= usersPerCommand) await send()
    }
    await send()
    const isThere = (await link.command(self, "PEXPIRE", this.key, leaseMs * 2)) === 1
    // A Redis that is full may drop whatever has a time to live: then it is written again.
    if (!isThere && this.hasUsers) this.stale = true
  }

  private get hasUsers(): boolean {
    for (const _user of this.options.users()) return true
    return false
  }
}
