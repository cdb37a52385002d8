// Which engine a node runs on: the one place that names them.
import type { Limits } from "../../wire/limits.ts"
import type { Channel } from "../channels/channel.ts"
import type { EngineChoice } from "../config/config.ts"
import type { Engine, EngineEvents } from "../engines/engine.ts"
import type { Inventory } from "../engines/inventory.ts"
import { MemoryEngine } from "../engines/memory/memory.ts"
import { SqliteEngine } from "../engines/sqlite/sqlite.ts"

/** What a node needs of an engine: messages for the hub, an inventory for its operator. */
export type NodeEngine = Engine & Inventory

export interface EngineSurroundings {
  readonly limits: Limits
  /** A channel's history was dropped before its time, for a budget. */
  readonly onTrim: (channel: Channel) => void
  /** What the engine stores on fails; null when it works again. */
  readonly onTrouble: (says: string | null) => void
}

/** Throws `engine_unavailable` when what it stores on cannot be used. */
export function makeEngine(
  choice: EngineChoice,
  events: EngineEvents,
  { limits, onTrim, onTrouble }: EngineSurroundings,
): NodeEngine {
  switch (choice.name) {
    case "memory":
      return new MemoryEngine(events, { limits, onTrim })
    case "sqlite": {
      const { directory, acknowledge, diskBytesMax } = choice
      return new SqliteEngine(events, { directory, acknowledge, diskBytesMax, limits, onTrim, onTrouble })
    }
  }
}

/** Makes what needs the engine; when that fails the engine is closed, so that its directory is free again. */
export function orCloseNow<T>(engine: Engine, make: () => T): T {
  try {
    return make()
  } catch (error) {
    void engine.close()
    throw error
  }
}

/** Starts what needs the engine; when that fails the engine is closed, so that its directory is free again. */
export async function orClose<T>(engine: Engine, start: () => T): Promise<T> {
  try {
    return start()
  } catch (error) {
    await engine.close()
    throw error
  }
}
