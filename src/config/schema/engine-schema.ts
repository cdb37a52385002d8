// The engines that can be configured: which one, and how it is set.
import { z } from "zod"
import { type RedisAddress, readAddress } from "../redis-address.ts"
import { size } from "./schema-pieces.ts"

/** Engines that are named in the docs and that this version does not have. */
const laterEngines = /^nats(?::|$)/

const redisPattern = /^rediss?(?:-(?:sentinel|cluster))?:\/\/./

/** Which engine. The addresses of some hold passwords: no message repeats one. */
export const engineSchema = z.union(
  [
    z.enum(["memory"]),
    z.string().regex(/^sqlite:[^~]/, { abort: true }),
    z
      .string()
      .regex(redisPattern, { abort: true })
      .refine((text) => "address" in readAddress(text), { abort: true }),
  ],
  {
    error: ({ input }) => {
      const text = typeof input === "string" ? input : ""
      if (text.startsWith("sqlite:~"))
        return "the engine's directory begins with ~, which shells read and Laba does not; write it out, or ./~ where that is its name"
      if (laterEngines.test(text))
        return `the engine ${text.replace(/:.*$/s, "")} is not built into this version; it has: memory, sqlite, redis`
      if (/^rediss?\b/.test(text)) {
        const read = readAddress(text)
        if ("wrong" in read) return `the engine's address ${read.wrong}`
      }
      return 'must be "memory", or "sqlite:" and a directory, or an address such as "redis://127.0.0.1:6379"'
    },
  },
)

export const sqliteSchema = z.strictObject({
  acknowledge: z.enum(["durable", "first"]).default("durable"),
  diskBytesMax: size({ min: 1024 * 1024 }).default(4 * 1024 ** 3),
})

export const redisSchema = z.strictObject({
  routing: z.enum(["targeted", "broadcast"]).default("targeted"),
  prefix: z
    .string()
    .regex(/^[\w.:-]{1,40}$/, { error: "must be 1 to 40 of letters, digits and _ . : -" })
    .default("laba"),
  historyBytesMax: size({ min: 1024 * 1024 }).default(1024 ** 3),
  durable: z.boolean().default(false),
  ca: z.string().min(1).optional(),
})

/** Which engine, and how it is set. */
export type EngineConfig =
  | { readonly name: "memory" }
  | {
      readonly name: "sqlite"
      readonly directory: string
      readonly acknowledge: "durable" | "first"
      readonly diskBytesMax: number
    }
  | {
      readonly name: "redis"
      readonly address: RedisAddress
      readonly routing: "targeted" | "broadcast"
      readonly prefix: string
      readonly historyBytesMax: number
      /** Keep the numbering over a restart of Redis after which nothing is missing. */
      readonly durable: boolean
      /** The path of a PEM file; null for the authorities that this machine trusts. */
      readonly ca: string | null
    }

/** What the config says about the engine, in one. */
export function engineOf(said: {
  readonly engine: z.output<typeof engineSchema>
  readonly sqlite: z.output<typeof sqliteSchema>
  readonly redis: z.output<typeof redisSchema>
}): EngineConfig {
  const { engine, sqlite, redis } = said
  if (engine === "memory") return { name: "memory" }
  if (engine.startsWith("sqlite:"))
    return { name: "sqlite", directory: engine.slice("sqlite:".length), ...sqlite }
  const read = readAddress(engine)
  // The schema let nothing else through.
  if ("wrong" in read) throw new Error(read.wrong)
  return { name: "redis", address: read.address, ...redis, ca: redis.ca ?? null }
}
