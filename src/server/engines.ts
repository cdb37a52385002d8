// Which engine a node runs on: the one place that names them.
import { readFileSync } from "node:fs"
import { LabaError } from "../../wire/error.ts"
import type { Limits } from "../../wire/limits.ts"
import type { Channel } from "../channels/channel.ts"
import type { EngineConfig } from "../config/config.ts"
import type { Engine, EngineEvents, SourceKeeper } from "../engines/engine.ts"
import type { Inventory } from "../engines/inventory.ts"
import { MemoryEngine } from "../engines/memory/memory-engine.ts"
import { RedisEngine } from "../engines/redis/redis-engine.ts"
import type { Counters } from "../telemetry/counters.ts"
import type { Events } from "../telemetry/events.ts"
import { SqliteEngine } from "../engines/sqlite/sqlite-engine.ts"

/** What a node needs of an engine: messages for the hub, an inventory for its operator. */
export interface NodeEngine extends Engine, SourceKeeper, Inventory {
  /** Resolves when the engine can be used, or cannot yet and may later. Throws `engine_unavailable` when it never will. Left out: it can be used already. */
  opened?(): Promise<void>
  /** Throws while this node could miss a message or publish none. Left out: asking for any channel's state tells. */
  probe?(): Promise<void>
}

interface EngineOptions {
  readonly limits: Limits
  /** How long a node may be silent before it counts as gone. */
  readonly leaseMs: number
  readonly counters: Pick<Counters, "historyTrimmed">
  readonly events: Pick<Events, "historyTrimmed" | "engineTrouble">
}

/** Throws `engine_unavailable` when what it stores on cannot be used. */
export function makeEngine(
  choice: EngineConfig,
  subscriber: EngineEvents,
  { limits, leaseMs, counters, events }: EngineOptions,
): NodeEngine {
  // Dropped before its time, for a budget.
  const onTrim = (channel: Channel): void => {
    counters.historyTrimmed++
    events.historyTrimmed(channel)
  }
  // Null when what it stores on works again.
  const onTrouble = (says: string | null): void => events.engineTrouble(says)
  switch (choice.name) {
    case "memory":
      return new MemoryEngine(subscriber, { limits, onTrim })
    case "sqlite": {
      const { directory, acknowledge, diskBytesMax } = choice
      return new SqliteEngine(subscriber, { directory, acknowledge, diskBytesMax, limits, onTrim, onTrouble })
    }
    case "redis": {
      const { address, prefix, routing, historyBytesMax, durable, ca } = choice
      const tls = ca === null ? {} : { tls: { ca: readAuthorities(ca) } }
      return new RedisEngine(subscriber, {
        ...{ address, prefix, routing, historyBytesMax, limits, onTrim, onTrouble },
        ...tls,
        voteLeaseMs: durable ? leaseMs : null,
      })
    }
  }
}

/** Makes what needs the engine; when that fails the engine is closed, so that its directory is free again. */
export function closeOnErrorSync<T>(engine: Pick<Engine, "close">, make: () => T): T {
  try {
    return make()
  } catch (error) {
    void engine.close()
    throw error
  }
}

/** Starts what needs the engine, or more that is held; when that fails it is closed, so that its directory is free again. */
export async function closeOnError<T>(
  engine: Pick<Engine, "close">,
  start: () => T | Promise<T>,
): Promise<T> {
  try {
    return await start()
  } catch (error) {
    await engine.close()
    throw error
  }
}

/** The text of the file `redis.ca`. Throws `engine_unavailable`. */
export function readAuthorities(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    throw new LabaError("engine_unavailable", `The file ${path} (redis.ca) cannot be read.`, { cause: error })
  }
}
