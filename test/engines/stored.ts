// A SQLite engine in a folder of its own, for one test: opened, closed and opened again; or copied as a killed process
// would have left it.
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { defaultLimits } from "../../wire/limits.ts"
import type { Channel, Keep } from "../../src/channels/channel.ts"
import type { Draft, EngineEvents, Message, HistoryPage } from "../../src/engines/engine.ts"
import { SqliteEngine, type SqliteEngineOptions } from "../../src/engines/sqlite/sqlite-engine.ts"

export const keep: NonNullable<Keep> = { count: 100, bytes: 1e6, timeMs: 60_000 }
export const bounds = { messages: 1000, bytes: 1e6 }

type Options = Partial<Omit<SqliteEngineOptions, "directory">> & { readonly events?: EngineEvents }

const deaf: EngineEvents = { deliver: () => undefined, lost: () => undefined }

export class Folder implements AsyncDisposable {
  readonly path: string
  private readonly opened: SqliteEngine[] = []
  private copies = 0

  constructor(path = mkdtempSync(join(tmpdir(), "laba-sqlite-"))) {
    this.path = path
  }

  /** Opens an engine here, or at another path in here. */
  open(options: Options = {}, path = this.path): SqliteEngine {
    const { events = deaf, ...rest } = options
    const engine = new SqliteEngine(events, { directory: path, limits: defaultLimits, ...rest })
    this.opened.push(engine)
    return engine
  }

  /** The files as they are now, which is what a process killed now would leave. */
  copy(engine?: SqliteEngine): string {
    const from = engine?.directory ?? this.path
    const path = join(this.path, `copy-${++this.copies}`)
    for (const name of ["laba.sqlite", "laba.sqlite-wal"]) cpSync(join(from, name), join(path, name))
    return path
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const engine of this.opened) await engine.close()
    rmSync(this.path, { recursive: true, force: true })
  }
}

let drafts = 0

export function draft(channel: string, data: string | Uint8Array = "x", more: Partial<Draft> = {}): Draft {
  return {
    channel: channel as Channel,
    type: typeof data === "string" ? "text/plain" : "application/octet-stream",
    data,
    bytes: typeof data === "string" ? Buffer.byteLength(data) : data.length,
    id: `t.${++drafts}`,
    ...more,
  }
}

export const keyed = (channel: string, key: string, data = key): Draft =>
  draft(channel, data, { idempotency: { key, digest: data } })

/** All messages after a position, page by page. */
export async function readAll(
  engine: SqliteEngine,
  channel: string,
  after: { epoch: string; offset: number },
  kept: Keep = keep,
): Promise<readonly Message[] | string> {
  const messages: Message[] = []
  let position = after
  for (;;) {
    const page: HistoryPage = await engine.history(channel as Channel, position, kept, bounds)
    if ("reset" in page) return page.reset
    messages.push(...page.messages)
    position = page.messages.at(-1) ?? position
    if (!page.more) return messages
  }
}

export const textsOf = (messages: readonly Message[] | string): unknown =>
  typeof messages === "string" ? messages : messages.map(({ data }) => data)
