// The process that holds the functions: loads every file of a folder, says what they export, and calls them. A change starts
// another one, so that nothing of the old code is left.
import { Database } from "bun:sqlite"
import { readdirSync } from "node:fs"
import { join, parse } from "node:path"
import type { FunctionContext, FunctionDatabase, FunctionFile } from "../../hooks/function-file.ts"
import { askKinds, type HookKind, notificationKinds } from "../../hooks/remote/remote.ts"
import { labaApi } from "./laba-api.ts"
import type { ProcessCommand, ProcessReport, ServedFile } from "./process-messages.ts"

const [folder = ".", databaseFile = ":memory:"] = process.argv.slice(2)
const kinds: readonly HookKind[] = [...askKinds, ...notificationKinds]

type Called = (event: unknown, context: FunctionContext) => unknown

const files = new Map<string, Readonly<Record<string, unknown>>>()
const report = (one: ProcessReport): void => void process.send?.(one)

let laba: { url: string; key: string | null } = { url: "http://127.0.0.1:8080", key: null }

function openDatabase(): FunctionDatabase {
  const database = new Database(databaseFile, { create: true })
  // The process before this one may be about to end.
  database.run("PRAGMA busy_timeout=5000")
  if (databaseFile !== ":memory:") database.run("PRAGMA journal_mode=WAL")
  return database as unknown as FunctionDatabase
}

async function load(): Promise<ServedFile[]> {
  const served: ServedFile[] = []
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const { name, ext } = parse(entry.name)
    if (!entry.isFile() || !/^\.(?:ts|js|mjs)$/.test(ext) || /\.(?:test|d)$/.test(name)) continue
    const file = (await import(join(folder, entry.name))) as FunctionFile & Readonly<Record<string, unknown>>
    const exported = kinds.filter((kind) => typeof file[kind] === "function")
    if (exported.length === 0) continue
    files.set(name, file)
    served.push({ name, pattern: file.pattern ?? `/${name}`, kinds: exported })
  }
  return served
}

async function call(
  order: Extract<ProcessCommand, { call: number }>,
  context: FunctionContext,
): Promise<void> {
  try {
    const called = files.get(order.file)?.[order.kind] as Called
    report({ call: order.call, answer: await called(order.event, context) })
  } catch (error) {
    report({
      call: order.call,
      failed: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
  }
}

try {
  const context: FunctionContext = { laba: labaApi(() => laba), database: openDatabase() }
  const served = await load()
  process.on("message", (order: ProcessCommand) => {
    if ("laba" in order) laba = { ...order.laba }
    else void call(order, context)
  })
  report({ ready: served })
} catch (error) {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  report({ broken: Bun.inspect(error, { colors: false }) || text })
}
