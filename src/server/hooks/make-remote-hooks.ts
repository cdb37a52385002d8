// The backends that are called by HTTP, wired to a node: what they publish, whom they lose, what goes wrong.
import { LabaError } from "../../../wire/error.ts"
import type { Config } from "../../config/config.ts"
import { RedisEngine } from "../../engines/redis/redis-engine.ts"
import { memoryStore } from "../../hooks/remote/registrations/memory-store.ts"
import type { HttpSend, NotificationStore } from "../../hooks/remote/remote.ts"
import { RemoteHooks } from "../../hooks/remote/remote-hooks.ts"
import { readJsonPayload } from "../../protocols/json-payload.ts"
import type { Counters } from "../../telemetry/counters.ts"
import type { Events } from "../../telemetry/events.ts"
import type { Connections } from "../../transports/connections/connections.ts"
import type { NodeEngine } from "../engines.ts"
import type { ServerPublish } from "../publishing/server-publish.ts"
import { makeHttpSend } from "./http-send.ts"
import { RedisNotificationStore } from "./redis-store.ts"
import { SqliteNotificationStore } from "./sqlite-store.ts"

interface NodeHooksOptions {
  readonly config: Pick<Config, "hooks" | "engine" | "node">
  readonly engine: NodeEngine
  readonly node: string
  readonly publishAsServer: ServerPublish
  readonly connections: Connections
  readonly counters: Pick<Counters, "hooksFailed">
  readonly events: Pick<Events, "engineTrouble" | "hookFailed" | "hookTellsLost" | "startWarning">
  /** Default: by HTTP, to addresses that were checked. */
  readonly send?: HttpSend
}

/** Where what has to be told is kept: with the history. */
function storeFor({ config, engine, node, events }: NodeHooksOptions): NotificationStore {
  if (engine instanceof RedisEngine)
    return new RedisNotificationStore({ redis: engine.redis, run: node, leaseMs: config.node.leaseMs })
  if (config.engine.name !== "sqlite") return memoryStore
  return SqliteNotificationStore.open(config.engine.directory, (says) => events.engineTrouble(says))
}

/** Said at the start, since it is found out too late otherwise. */
const notKept = {
  name: "hooks_not_kept",
  what: "What hooks have to tell is kept in memory: when this process dies, no backend hears of the end of its connections.",
  remedy: "Start with --data <dir>: the SQLite engine keeps it, as the Redis engine does.",
}

/** Null when no hooks are configured: then nothing of them is there. Throws `engine_unavailable` when what it remembers cannot be read. */
export function makeRemoteHooks(options: NodeHooksOptions): RemoteHooks | null {
  const { config, node, publishAsServer, connections, counters, events } = options
  if (config.hooks.length === 0) return null
  const store = storeFor(options)
  const tells = config.hooks.some(({ urls }) => urls.unregister ?? urls.vacated)
  if (tells && !store.durable) events.startWarning("warn", notKept)
  return new RemoteHooks({
    hooks: config.hooks,
    node,
    send: options.send ?? makeHttpSend(),
    store,
    publish: async (channel, message) =>
      void (await publishAsServer(channel, () => readJsonPayload(message, "bad_body"), message.key)),
    dismiss(connection) {
      const why = "This node was away for too long; open another connection."
      connections.find(connection)?.disconnect(new LabaError("engine_unavailable", why))
    },
    isOpen: (connection) => connections.find(connection) !== null,
    onFailure(hook, { kind, id, says }) {
      counters.hooksFailed++
      events.hookFailed(`${hook.name} ${kind}`, `${id}: ${says}`)
    },
    onLost: (hook, why) => events.hookTellsLost(hook, why),
  })
}
