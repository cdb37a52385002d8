// `laba serve`: starts a server, says in one line where, and ends it by signals.
import { version } from "../../../package.json" with { type: "json" }
import type { Config, ConfigInput } from "../../config/config.ts"
import { readArguments } from "../arguments.ts"
import { type Command, CommandError, exit, UsageError } from "../command.ts"
import { configFlag, type LoadedConfig, loadConfig } from "../flags/config.ts"
import { portRange, readWhole } from "../flags/quantities.ts"
import { reloadBySignal, stopBySignal } from "../signals.ts"
import { goOnUnread, print, say } from "../terminal.ts"
import { Processes, processVariable } from "./processes.ts"
import { runKeyFor, tellRunKey } from "./run-key.ts"
import { refuseStart, startServer, whyNotListening } from "./start-server.ts"

const flags = {
  port: { type: "string", value: "<n>", says: "the port; default 8080, and 0 takes a free one" },
  host: {
    type: "string",
    value: "<address>",
    says: "the address to listen at; default 127.0.0.1: this machine only",
  },
  data: {
    type: "string",
    value: "<dir>",
    says: "keep history, cursors and keys in this directory: the engine sqlite",
  },
  engine: {
    type: "string",
    value: "<name>",
    says: "`memory`, `sqlite:<dir>` or `redis://host:port`; default memory: nothing is kept over a restart",
  },
  processes: {
    type: "string",
    value: "<n>",
    says: "so many processes that share the port, on an engine that processes share; default 1",
  },
  "node-name": {
    type: "string",
    value: "<name>",
    says: "what this node is called among others; default made anew at each start",
  },
  advertise: {
    type: "string",
    value: "<url>",
    says: "where other nodes can call this one; default where it listens",
  },
  config: configFlag,
  open: { type: "boolean", says: "serve everybody although no keys are configured" },
} as const

export const serve: Command = {
  name: "serve",
  summary: "Start a server",
  usage: "serve [flags]",
  flags,
  examples: [
    ["laba serve", "on http://127.0.0.1:8080, with laba.yaml when there is one"],
    ["laba serve --port 0", "on a free port; the line that is printed says which"],
    ["laba serve --data ./data", "with history, cursors and keys that outlive a restart"],
    ["laba serve --config production.yaml", "with a configuration of its own"],
    ["laba serve --host 0.0.0.0 --open", "for everybody, on purpose"],
  ],
  async run(args) {
    goOnUnread()
    const { given } = readArguments(args, flags, 0)
    const engine = engineFrom(given)
    const ordinal = ordinalOfProcess()
    const gather = async (from = given.config) => {
      const gathered = await loadConfig(from, {
        listen: {
          ...(given.host !== undefined && { host: given.host }),
          ...(given.port !== undefined && { port: readWhole("--port", given.port, portRange) }),
        },
        ...(engine !== undefined && { engine }),
        node: {
          ...(given["node-name"] !== undefined && { name: given["node-name"] }),
          ...(given.advertise !== undefined && { advertise: given.advertise }),
        },
        ...(given.open && { open: true }),
      })
      return ordinal === null ? gathered : { ...gathered, input: namedApart(gathered, ordinal) }
    }
    const { input, config, file, isSecretAlone } = await gather()
    const count =
      given.processes === undefined || ordinal !== null
        ? 1
        : readProcesses(given.processes, config.engine.name)
    await refuseStart(config)
    const from = file === null ? "" : `, ${file}`
    const runKey = runKeyFor(config)
    if (isSecretAlone && ordinal === null) say(secretAlone)
    if (count > 1) return serveBy(count, config, { given, from, runKey })
    // The file that was found at the start is read again by its name: were it gone, nothing would be configured.
    const source = async (): Promise<ConfigInput> => (await gather(file ?? undefined)).input
    const laba = await startServer(
      {
        ...input,
        source,
        sharePort: ordinal !== null,
        demos: readDemos(process.env["LABA_DEMOS"]),
        ...(runKey !== null && { runKey }),
      },
      (error) => whyNotListening(error, config.listen),
    )
    reloadBySignal(laba)
    // Before the line is printed: whoever waits for it may signal at once.
    const stopped = stopBySignal(() => laba.close())
    const stomp = laba.stompPort === null ? "" : `, STOMP over TCP at port ${laba.stompPort}`
    print(`laba ${version} listening on ${laba.url} (${config.engine.name} engine${stomp}${from})`)
    if (ordinal === null) tellRunKey(runKey)
    await stopped
    return exit.ok
  },
}

/** Said at the start: a variable that was meant for something else would shut everybody out without a word. */
const secretAlone =
  "laba: LABA_TOKEN_SECRET alone says who may come in: who listens shows a token signed with it; who publishes, a key, or a token where a rule says so"

/** Which of several processes on one port this is, from 1; null when it has the port for itself. */
const ordinalOfProcess = (): string | null => process.env[processVariable] ?? null

/** Processes of one server are nodes of their own, under one name with a number. */
function namedApart({ input, config }: LoadedConfig, ordinal: string): ConfigInput {
  const { name } = config.node
  return name === null ? input : { ...input, node: { ...input.node, name: `${name}-${ordinal}` } }
}

interface Asked {
  readonly given: Readonly<Record<string, string | boolean>>
  /** What was read, for the line that says that it is ready. */
  readonly from: string
  readonly runKey: string | null
}

/** Serves by processes of their own, each started as this one was. */
async function serveBy(
  count: number,
  { listen, engine, stomp }: Config,
  { given, from, runKey }: Asked,
): Promise<number> {
  if (stomp.tcp === 0)
    throw new UsageError("stomp.tcp: processes share one port, and 0 would give each its own; name one")
  const passedOn = Object.entries(given).filter(([name]) => name !== "port")
  const args = passedOn.flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, `${value}`],
  )
  const processes = await Processes.start({
    count,
    ...listen,
    stompPort: stomp.tcp,
    command: [process.execPath, ...process.execArgv, "--no-orphans", Bun.main, "serve", ...args],
    say: (line) => say(`laba: ${line}`),
  }).catch(async (error: unknown) => {
    const why = await whyNotListening(error, listen)
    throw why === null ? error : new CommandError(why, { cause: error })
  })
  reloadBySignal({ reload: async () => processes.signal("SIGHUP") })
  const stopped = stopBySignal(() => processes.stop())
  const stompText = stomp.tcp === null ? "" : `, STOMP over TCP at port ${stomp.tcp}`
  print(
    `laba ${version} listening on ${processes.url} (${engine.name} engine, ${count} processes${stompText}${from})`,
  )
  tellRunKey(runKey)
  await stopped
  return exit.ok
}

/** Throws `UsageError`. */
function readProcesses(text: string, engine: string): number {
  const count = Number(text)
  if (!/^\d{1,3}$/.test(text) || count < 1)
    throw new UsageError(`--processes is a number from 1 on, not "${text}"`)
  if (count > 1 && (engine === "memory" || engine === "sqlite"))
    throw new UsageError(
      `the engine ${engine} lives in one process; --processes needs one such as redis://127.0.0.1:6379`,
    )
  if (count > 1 && process.platform !== "linux")
    throw new UsageError(
      "only Linux spreads connections among processes on one port; elsewhere put a load balancer before several ports",
    )
  return count
}

function engineFrom(given: { readonly data?: string; readonly engine?: string }): string | undefined {
  if (given.data === undefined) return given.engine
  if (given.engine === undefined) return `sqlite:${given.data}`
  throw new UsageError("--data is short for --engine sqlite:<dir>; give one of them")
}

/** Reads `name=address` pairs, apart by spaces: what the landing page leads to. Throws `UsageError`. */
function readDemos(text = ""): Readonly<Record<string, string>> {
  const pairs = text.split(" ").filter((pair) => pair !== "")
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, address] = /^([a-z-]+)=(https?:\/\/\S+)$/.exec(pair) ?? []
      if (!name || !address || !URL.canParse(address))
        throw new UsageError(`LABA_DEMOS holds pairs such as shop=http://127.0.0.1:8090, not "${pair}"`)
      return [name, address]
    }),
  )
}
