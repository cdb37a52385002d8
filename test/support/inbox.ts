// A queue between a client's callbacks and the test that awaits them. It knows nothing of what is queued, and it never
// waits in silence: at the deadline it fails with everything seen so far.

/** How long `next()` waits before it fails. Guards against hanging; nothing is measured by it. */
export const deadlineMs = 20_000

interface Waiting<T> {
  readonly resolve: (value: T) => void
  readonly reject: (error: Error) => void
}

export class Inbox<T> {
  /** Everything that ever came, taken or not. */
  readonly seen: T[] = []
  private readonly label: string
  private taken = 0
  private waiting: Waiting<T>[] = []
  private broken: Error | null = null

  /** `label` names the client in failures. */
  constructor(label: string) {
    this.label = label
  }

  push(value: T): void {
    this.seen.push(value)
    const first = this.waiting.shift()
    if (!first) return
    this.taken++
    first.resolve(value)
  }

  /** Makes this and every later `next()` on an empty queue fail with `cause`. */
  fail(cause: unknown): void {
    this.broken ??= new Error(`${this.label}: ${String(cause)}\n${this.story()}`, { cause })
    for (const one of this.waiting.splice(0)) one.reject(this.broken)
  }

  /** How many came and were not taken yet. */
  get ready(): number {
    return this.seen.length - this.taken
  }

  /** The oldest that was not taken yet, or the next to come. */
  next(withinMs = deadlineMs): Promise<T> {
    if (this.ready > 0) return Promise.resolve(this.seen[this.taken++] as T)
    if (this.broken) return Promise.reject(this.broken)
    return new Promise<T>((resolve, reject) => {
      const clock = setTimeout(() => {
        this.waiting = this.waiting.filter((one) => one !== entry)
        reject(new Error(`${this.label}: nothing came within ${withinMs} ms\n${this.story()}`))
      }, withinMs)
      const entry: Waiting<T> = {
        resolve: (value) => (clearTimeout(clock), resolve(value)),
        reject: (error) => (clearTimeout(clock), reject(error)),
      }
      this.waiting.push(entry)
    })
  }

  /** Seen so far, for failures: the last few in full and how many came before them. */
  story(): string {
    const last = this.seen.slice(-12).map((one) => `  ${clip(JSON.stringify(one))}`)
    const earlier = this.seen.length - last.length
    return [
      `seen so far: ${this.seen.length}${earlier > 0 ? `, the last ${last.length}:` : ""}`,
      ...last,
    ].join("\n")
  }
}

const clip = (text: string | undefined): string => {
  const known = text ?? "undefined"
  return known.length > 240 ? `${known.slice(0, 240)}… (${known.length} characters)` : known
}
