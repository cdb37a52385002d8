// `laba functions <dir>`: serves the files of a folder as the functions that hooks call, anew after each change; with
// `--with-laba` Laba and a database beside them.
import { randomBytes } from "node:crypto"
import { mkdirSync, statSync } from "node:fs"
import { join, resolve } from "node:path"
import type { ConfigInput } from "../../config/config.ts"
import type { HookInput } from "../../config/input/hooks-input.ts"
import type { Laba } from "../../server/index.ts"
import { readArguments } from "../arguments.ts"
import { type Command, CommandError, exit, UsageError } from "../command.ts"
import { configFlag, loadConfig } from "../flags/config.ts"
import { portRange, readWhole } from "../flags/quantities.ts"
import { secretIn } from "../flags/secrets.ts"
import { startServer } from "../serve/start-server.ts"
import { stopBySignal } from "../signals.ts"
import { goOnUnread, print, say } from "../terminal.ts"
import { type FunctionServerOptions, serveFunctions } from "./function-server.ts"
import { FunctionRunner } from "./function-runner.ts"
import type { ServedFile } from "./process-messages.ts"

const flags = {
  port: { type: "string", value: "<n>", says: "the functions' port; default 9000, and 0 takes a free one" },
  "with-laba": { type: "boolean", says: "start Laba too, with these functions as its hooks" },
  "laba-port": { type: "string", value: "<n>", says: "Laba's port; default 8080, and 0 takes a free one" },
  data: {
    type: "string",
    value: "<dir>",
    says: "keep the functions' database and Laba's history there; default: in memory",
  },
  secret: {
    type: "string",
    value: "<text>",
    says: "what calls must be signed with; default with --with-laba a new one, else none",
  },
  config: configFlag,
} as const

export const functions: Command = {
  name: "functions",
  summary: "Serve a folder of functions as the backend of hooks",
  usage: "functions <dir> [flags]",
  flags,
  examples: [
    ["laba functions ./functions --with-laba", "functions, a database and Laba: all that it takes"],
    ["laba functions ./functions --with-laba --data ./data", "and nothing is forgotten over a restart"],
    ["laba functions ./functions", "beside a Laba of your own; it prints what to configure there"],
  ],
  async run(args) {
    goOnUnread()
    const { given, words } = readArguments(args, flags, 1)
    const [folder] = words
    if (folder === undefined) throw new UsageError("functions needs a folder: laba functions ./functions")
    if (!isFolder(folder)) throw new CommandError(`there is no folder ${folder}`)
    const withLaba = given["with-laba"] === true
    const secret = given.secret ?? (withLaba ? randomBytes(32).toString("base64url") : null)
    if (secret !== null && secret.length < 32) throw new UsageError("--secret has at least 32 characters")
    const key = secretIn("LABA_KEY") ?? null
    const port = readWhole("--port", given.port ?? "9000", portRange)
    const labaPort =
      given["laba-port"] === undefined ? null : readWhole("--laba-port", given["laba-port"], portRange)
    await using held = new AsyncDisposableStack()
    const runner = await startRunner(resolve(folder), databaseIn(given.data))
    held.defer(() => runner.stop())
    const server = startFunctionServer({
      port,
      secret,
      call: (file, kind, event) => runner.call(file, kind, event),
      onFailure: (file, kind, error) => say(`${file} ${kind}: ${(error as Error).message}`),
    })
    held.defer(() => server.stop(true))
    const base = `http://127.0.0.1:${server.port}`
    const hooks = hooksOf(runner.files, { base, secret })
    // Before the lines are printed: whoever waits for them may signal at once.
    const stopped = stopBySignal(() => held.disposeAsync())
    print(`functions at ${base}: ${namesOf(runner.files)}`)
    if (withLaba) {
      const laba = await startLaba({ config: given.config, data: given.data, port: labaPort, hooks })
      // Ended first: what it still has to tell, the functions still hear.
      held.defer(() => laba.close())
      runner.useLaba({ url: laba.url, key })
      print(`laba listening on ${laba.url}`)
    } else {
      runner.useLaba({
        url: process.env["LABA_URL"] || "http://127.0.0.1:8080",
        key,
      })
      print(`for laba.yaml:\n\n${yamlOf(hooks)}`)
    }
    await stopped
    return exit.ok
  },
}

async function startRunner(folder: string, database: string): Promise<FunctionRunner> {
  let patterns = ""
  try {
    const runner = await FunctionRunner.start({
      folder,
      database,
      onReload(files) {
        const changed = shapeOf(files) !== patterns
        patterns = shapeOf(files)
        const more = changed ? "; what they are for has changed: start again to have Laba know" : ""
        print(`functions loaded anew: ${namesOf(files)}${more}`)
      },
      onBroken: (error) =>
        say(`the old functions go on, since the new ones cannot be loaded:\n${error.message}`),
    })
    patterns = shapeOf(runner.files)
    return runner
  } catch (error) {
    throw new CommandError(`the functions in ${folder} cannot be loaded:\n${(error as Error).message}`, {
      cause: error,
    })
  }
}

interface LabaOptions {
  readonly config: string | undefined
  readonly data: string | undefined
  readonly port: number | null
  readonly hooks: readonly HookInput[]
}

async function startLaba({ config: file, data, port, hooks }: LabaOptions): Promise<Laba> {
  const over: ConfigInput = {
    ...(port !== null && { listen: { port } }),
    ...(data !== undefined && { engine: `sqlite:${join(data, "laba")}` }),
  }
  const { input, config } = await loadConfig(file, over)
  return startServer({ ...input, hooks: [...(input.hooks ?? []), ...hooks] }, (error) =>
    whyNoPort(error, { port: config.listen.port, flag: "--laba-port" }),
  )
}

function startFunctionServer(options: FunctionServerOptions): ReturnType<typeof serveFunctions> {
  try {
    return serveFunctions(options)
  } catch (error) {
    const why = whyNoPort(error, { port: options.port, flag: "--port" })
    throw why === null ? error : new CommandError(why, { cause: error })
  }
}

/** Null when it is about something else than somebody who has the port already. */
function whyNoPort(
  error: unknown,
  { port, flag }: { readonly port: number; readonly flag: string },
): string | null {
  const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE"
  return isTaken ? `port ${port} is in use; choose another with ${flag}` : null
}

function hooksOf(
  files: readonly ServedFile[],
  { base, secret }: { readonly base: string; readonly secret: string | null },
): HookInput[] {
  return files.map(({ name, pattern, kinds }) => ({
    pattern,
    name,
    ...Object.fromEntries(kinds.map((kind) => [kind, `${base}/${encodeURIComponent(name)}`])),
    ...(secret !== null && { secret }),
    privateAddresses: ["127.0.0.1"],
  }))
}

/** A secret is named, not shown: a terminal is read by more people than a file. */
function yamlOf(hooks: readonly HookInput[]): string {
  const entries = hooks.map(({ secret, ...hook }) =>
    [
      ...Object.entries(hook).map(([key, value]) => `${key}: ${JSON.stringify(value)}`),
      ...(secret === undefined ? [] : ["secret: …"]),
    ].join("\n    "),
  )
  return `hooks:\n${entries.map((entry) => `  - ${entry}`).join("\n")}\n`
}

function databaseIn(data: string | undefined): string {
  if (data === undefined) return ":memory:"
  if (data === "") throw new UsageError("--data is a folder, not nothing")
  try {
    mkdirSync(data, { recursive: true })
  } catch (cause) {
    throw new CommandError(`cannot keep anything in ${data}: ${(cause as Error).message}`, { cause })
  }
  return resolve(data, "functions.sqlite")
}

const namesOf = (files: readonly ServedFile[]): string =>
  files.map(({ name, pattern, kinds }) => `${name} for ${pattern} (${kinds.join(", ")})`).join("; ") || "none"

const shapeOf = (files: readonly ServedFile[]): string => JSON.stringify(files)

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
