// Makes Redis engines for tests: each with keys of its own, so that one server serves them all.
import { readAddress } from "../../src/config/redis-address.ts"
import type { EngineEvents } from "../../src/engines/engine.ts"
import { RedisEngine, type RedisEngineOptions } from "../../src/engines/redis/redis-engine.ts"
import { defaultLimits } from "../../wire/limits.ts"
import type { EngineMaker } from "./contract-stage.ts"

let made = 0

/** A prefix that no other test uses. */
export const freshPrefix = (): string => `t${process.pid}.${made++}`

export async function openEngine(
  url: string,
  events: EngineEvents,
  options: Partial<RedisEngineOptions> = {},
): Promise<RedisEngine> {
  const read = readAddress(url)
  if ("wrong" in read) throw new Error(read.wrong)
  const engine = new RedisEngine(events, {
    address: read.address,
    prefix: freshPrefix(),
    routing: "targeted",
    historyBytesMax: 1024 ** 3,
    limits: defaultLimits,
    ...options,
  })
  try {
    await engine.opened()
  } catch (error) {
    await engine.close()
    throw error
  }
  return engine
}

/** For the contract. */
export const redisMaker = (url: () => string, options: Partial<RedisEngineOptions> = {}): EngineMaker => ({
  async make(events, { idempotencyKeysMax, historyBytesMax }) {
    // Each partition has its share, and the contract fills that of one channel.
    const limits = { ...defaultLimits, idempotencyKeysMax: idempotencyKeysMax * (options.partitions ?? 1) }
    const engine = await openEngine(url(), events, { ...options, limits, historyBytesMax })
    return { engine, [Symbol.asyncDispose]: async () => engine.close() }
  },
})

/** What an act is refused with, code first. */
export async function refusalOf(act: () => unknown): Promise<string> {
  try {
    await act()
    return "nothing was refused"
  } catch (error) {
    return (error as Error).message
  }
}
