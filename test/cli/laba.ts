// Runs the command line for real, in a process of its own and an empty folder, and collects what it says.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** What Bun runs as the command line. */
export const labaMain = join(import.meta.dir, "../../src/cli/main.ts")
const deadlineMs = 40_000

interface LabaOptions {
  readonly cwd?: string
  readonly env?: Record<string, string>
  readonly stdin?: string | Uint8Array<ArrayBuffer>
}

/** A command under way. */
export class LabaProcess implements AsyncDisposable {
  readonly #child: Bun.Subprocess<Blob, "pipe", "pipe">
  readonly #streams: Promise<void>
  out = ""
  err = ""
  readonly #watchers = new Set<() => void>()

  constructor(args: readonly string[], options: LabaOptions = {}) {
    this.#child = Bun.spawn([process.execPath, labaMain, ...args], {
      cwd: options.cwd ?? tmpdir(),
      env: { ...process.env, LABA_URL: "", ...options.env },
      stdin: new Blob(options.stdin === undefined ? [] : [options.stdin]),
      stdout: "pipe",
      stderr: "pipe",
    })
    this.#streams = Promise.all([
      this.#read(this.#child.stdout, (text) => (this.out += text)),
      this.#read(this.#child.stderr, (text) => (this.err += text)),
    ]).then(() => undefined)
  }

  get pid(): number {
    return this.#child.pid
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** The exit code, or the signal that ended it, once all it said was read. */
  async ended(): Promise<number | NodeJS.Signals> {
    await within(Promise.all([this.#child.exited, this.#streams]), () => `did not end; ${this.said}`)
    return this.#child.signalCode ?? (this.#child.exitCode as number)
  }

  /** Waits until standard output or error holds this. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    const { promise, resolve } = Promise.withResolvers<RegExpExecArray>()
    const look = () => {
      const match = pattern.exec(this.out) ?? pattern.exec(this.err)
      if (match) resolve(match)
    }
    this.#watchers.add(look)
    look()
    return within(promise, () => `did not say ${pattern}; ${this.said}`).finally(() =>
      this.#watchers.delete(look),
    )
  }

  get said(): string {
    return `it said:\n${this.out}\nand on standard error:\n${this.err}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL")
    await this.#child.exited
  }

  async #read(stream: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder()
    for await (const bytes of stream) {
      add(decoder.decode(bytes, { stream: true }))
      for (const look of this.#watchers) look()
    }
  }
}

interface Finished {
  readonly code: number | NodeJS.Signals
  readonly out: string
  readonly err: string
}

/** Runs a command to its end. */
export async function laba(args: readonly string[], options: LabaOptions = {}): Promise<Finished> {
  await using run = new LabaProcess(args, options)
  const code = await run.ended()
  return { code, out: run.out, err: run.err }
}

/** An empty folder, gone with the test's block. */
export async function emptyFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "laba-cli-"))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** A deadline against hanging, and what to say then. */
async function within<T>(promise: Promise<T>, why: () => string): Promise<T> {
  let clock: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    clock = setTimeout(() => reject(new Error(`laba ${why()}`)), deadlineMs)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(clock))
}
