// Which engine a node runs on: the one place that names them.
import { readFileSync } from "node:fs"
import { LabaError } from "../../wire/error.ts"
import type { Limits } from "../../wire/limits.ts"
import type { Channel } from "../channels/channel.ts"
import type { EngineConfig } from "../config/config.ts"
import type { Engine, EngineEvents } from "../engines/engine.ts"
import type { Inventory } from "../engines/inventory.ts"
import { MemoryEngine } from "../engines/memory/memory-engine.ts"
import { RedisEngine } from "../engines/redis/redis-engine.ts"
import { SqliteEngine } from "../engines/sqlite/sqlite-engine.ts"

/** What a node needs of an engine: messages for the hub, an inventory for its operator. */
export interface NodeEngine extends Engine, Inventory {
  /** Resolves when the engine can be used, or cannot yet and may later. Throws `engine_unavailable` when it never will. Left out: it can be used already. */
  opened?(): Promise<void>
  /** Throws while this node could miss a message or publish none. Left out: asking for any channel's state tells. */
  probe?(): Promise<void>
}

interface EngineSurroundings {
  readonly limits: Limits
  /** How long a node may be silent before it counts as gone. */
  readonly leaseMs: number
  /** A channel's history was dropped before its time, for a budget. */
  readonly onTrim: (channel: Channel) => void
  /** What the engine stores on fails; null when it works again. */
  readonly onTrouble: (says: string | null) => void
}

/** Throws `engine_unavailable` when what it stores on cannot be used. */
export function makeEngine(
  choice: EngineConfig,
  events: EngineEvents,
  { limits, leaseMs, onTrim, onTrouble }: EngineSurroundings,
): NodeEngine {
  switch (choice.name) {
    case "memory":
      return new MemoryEngine(events, { limits, onTrim })
    case "sqlite": {
      const { directory, acknowledge, diskBytesMax } = choice
      return new SqliteEngine(events, { directory, acknowledge, diskBytesMax, limits, onTrim, onTrouble })
    }
    case "redis": {
      const { address, prefix, routing, historyBytesMax, durable, ca } = choice
      const tls = ca === null ? {} : { tls: { ca: readAuthorities(ca) } }
      return new RedisEngine(events, {
        ...{ address, prefix, routing, historyBytesMax, limits, onTrim, onTrouble },
        ...tls,
        voteLeaseMs: durable ? leaseMs : null,
      })
    }
  }
}

/** Makes what needs the engine; when that fails the engine is closed, so that its directory is free again. */
export function orCloseNow<T>(engine: Pick<Engine, "close">, make: () => T): T {
  try {
    return make()
  } catch (error) {
    void engine.close()
    throw error
  }
}

/** Starts what needs the engine, or more that is held; when that fails it is closed, so that its directory is free again. */
export async function orClose<T>(engine: Pick<Engine, "close">, start: () => T | Promise<T>): Promise<T> {
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
