import { describe, expect, test } from "bun:test"
import { parseChannel } from "../../channels/name.ts"
import type { IngestInput } from "../input/ingest-input.ts"
import { ConfigError, type ConfigInput, parseConfig } from "../config.ts"
import { applyEnvironment } from "../loading/environment-variables.ts"
import { ingestCautions } from "./ingest-problems.ts"

const redisStream = { url: "redis://:hush@127.0.0.1:6379", stream: "orders" }

const tokens = { secret: "a secret of more than thirty-two characters" }

/** What nobody said otherwise of a channel of dead letters. */
const closed = { listen: "key", history: "key", publish: "nobody", presence: "nobody", manage: "key" }

const linesOf = (ingest: unknown): string[] => {
  try {
    parseConfig({ ingest })
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n")
    throw error
  }
  return []
}

const problemsOf = (changes: Record<string, unknown>) =>
  linesOf({ orders: { redisStream, to: "/a", ...changes } })

describe("an ingest", () => {
  test("has one source, and a place where its messages go", () => {
    const { ingest } = parseConfig({ ingest: { orders: { redisStream, to: "/orders/{json.id}" } } })
    expect(ingest).toMatchObject([
      {
        ...{ name: "orders", kind: { name: "redisStream" }, deadLetter: "/ingest/orders/dead", ready: false },
        ...{
          route: { to: ["/orders/{json.id}"], connection: null },
          inFlight: { messages: 1000, bytes: 8 << 20 },
        },
      },
    ])
    expect(linesOf({ orders: { to: "/a" } })[0]).toMatch(
      /needs exactly one source of kafka, .*, and has none$/,
    )
    expect(linesOf({ orders: { redisStream, nats: { servers: "a", stream: "s" }, to: "/a" } })[0]).toMatch(
      /exactly one .* has nats and redisStream/,
    )
    expect(linesOf({ orders: { redisStream } })[0]).toMatch(/needs `to` or `connection`/)
    expect(problemsOf({ connection: "{key}" })[0]).toMatch(/needs `to` or `connection`, not both/)
    expect(linesOf({ "a/b": { redisStream, to: "/a" } })[0]).toMatch(/^ingest\."a\/b": must be called by/)
  })

  test("is no second reader of the same", () => {
    const postgres = { url: "postgres://laba:hush@h/shop" }
    const kafka = (topics: string[]) => ({ brokers: ["k1:1", "k2:1"], topics, group: "laba" })
    const rivals = linesOf({
      ...{ a: { redisStream, to: "/a" }, b: { redisStream, to: "/b" } },
      ...{ c: { redisStream: { ...redisStream, group: "c" }, to: "/c" } },
      ...{ f: { redisStream: { ...redisStream, url: `${redisStream.url}/1` }, to: "/f" } },
      ...{ d: { postgres, to: "/d" }, e: { postgres: { ...postgres, keep: true }, to: "/e" } },
      ...{ g: { kafka: kafka(["x", "y"]), to: "/g" }, h: { kafka: kafka(["z"]), to: "/h" } },
      ...{ i: { kafka: { ...kafka(["y"]), brokers: ["k2:1", "k1:1"] }, to: "/i" } },
      ...{ j: { kafka: { ...kafka(["y"]), group: "other" }, to: "/j" } },
      ...{ k: { rabbitmq: { url: "amqp://me:hush@r/v", queues: ["a", "b"] }, to: "/k" } },
      ...{ l: { rabbitmq: { url: "amqp://r/v", queues: ["b"] }, to: "/l" } },
      ...{ m: { rabbitmq: { url: "amqp://r/w", queues: ["b"] }, to: "/m" } },
    }).filter((line) => line.includes("reads what"))
    expect(rivals.map((line) => line.trim())).toEqual([
      "ingest.b: reads what a reads, as the same reader; give it a group of its own",
      "ingest.i: reads what g reads, as the same reader; give it a group of its own",
      "ingest.l: reads what k reads, as the same reader; give it a queue of its own",
    ])
  })

  test("is told each mistake with its place", () => {
    expect(problemsOf({ to: "/{jason.x}" })[0]).toMatch(/^ingest\.orders\.to: has \{jason\.x\}/)
    expect(problemsOf({ to: ["/a", "b"] })).toEqual(["ingest.orders.to.1: must begin with /"])
    expect(problemsOf({ when: { "jsn.x": 1 } })[0]).toMatch(/^ingest\.orders\.when\."jsn\.x": has/)
    expect(problemsOf({ when: { "json.x": { a: 1 } } })[0]).toMatch(
      /must be a text, a number, .* not an object/,
    )
    expect(problemsOf({ type: "json" })[0]).toMatch(/^ingest\.orders\.type: must be a content type/)
    expect(problemsOf({ deadLetter: "dead" })[0]).toMatch(
      /^ingest\.orders\.deadLetter: must be a channel, or "source"/,
    )
    expect(problemsOf({ deadLetter: "source" })[0]).toMatch(
      /deadLetter: is "source", but redisStream is told no place/,
    )
    expect(problemsOf({ id: "{key}" })[0]).toMatch(/^ingest\.orders\.id: means nothing with redisStream/)
    expect(problemsOf({ tooo: "/a" })[0]).toMatch(/unknown key, did you mean "to"\?/)
    expect(linesOf({ orders: { kafk: {}, to: "/a" } })[0]).toMatch(/did you mean "kafka"\?/)
    expect(problemsOf({ inFlight: { messages: 0 } })[0]).toMatch(/inFlight\.messages: must be at least 1/)
  })

  test("never shows an address's password", () => {
    const wrong = linesOf({
      orders: { redisStream: { ...redisStream, url: "redis://:hush@[", stream: "" }, to: "a" },
    })
    expect(wrong.join("\n")).not.toContain("hush")
    const [one] = parseConfig({ ingest: { orders: { redisStream, to: "/a" } } }).ingest
    expect(one?.kind.describe(one.settings)).not.toContain("hush")
  })

  test("keeps its dead letters for keys, unless rules say otherwise", () => {
    const dead = parseChannel("/ingest/orders/dead", "body")
    const ingest = { orders: { redisStream, to: "/a" } satisfies IngestInput }
    const wide = { "/**": { listen: "anyone" as const } }
    expect(parseConfig({ ingest, channels: wide }).rules.for(dead).permissions).toMatchObject({
      ...{ listen: "key", history: "key", publish: "nobody" },
    })
    const own = { "/ingest/**": { listen: "token" as const } }
    expect(
      parseConfig({
        ingest,
        channels: own,
        tokens: { secret: "a secret of more than thirty-two characters" },
      }).rules.for(dead).permissions?.listen,
    ).toBe("token")
  })

  test("keeps its dead letters closed beside rules that are about something else, or about something else of them", () => {
    const dead = parseChannel("/ingest/orders/dead", "body")
    const ingest = { orders: { redisStream, to: "/a" } satisfies IngestInput }
    for (const [pattern, rule] of [
      ["/ingest/others/stats", {}],
      ["/ingest/**", { history: { time: "30d" } }],
      ["/ingest/orders/dead", { history: { time: "30d" } }],
      ["/ingest/*/dead", { publish: "token" as const }],
    ] as const) {
      const channels = { "/**": { listen: "anyone", publish: "token" } as const, [pattern]: rule }
      const { permissions, keep } = parseConfig({ ingest, channels, tokens }).rules.for(dead)
      expect([pattern, permissions]).toEqual([pattern, expect.objectContaining(closed)])
      expect([pattern, keep?.count]).toEqual([pattern, 1000])
      if (pattern !== "/ingest/others/stats" && "history" in rule) expect(keep?.timeMs).toBe(30 * 86_400_000)
    }
  })

  test("lets nobody publish among dead letters, wherever they are kept", () => {
    const ingest = { orders: { redisStream, to: "/a", deadLetter: "/ops/dead" } satisfies IngestInput }
    const rule = (channels: NonNullable<ConfigInput["channels"]>) =>
      parseConfig({ ingest, channels, tokens }).rules.for(parseChannel("/ops/dead", "body"))
    const wide = { "/**": { listen: "anyone", publish: "token" } as const }
    expect(rule(wide).permissions).toMatchObject({ listen: "anyone", publish: "nobody" })
    const exact = rule({ ...wide, "/ops/dead": { listen: "key", publish: "key", history: { count: 7 } } })
    expect([exact.permissions?.listen, exact.permissions?.publish]).toEqual(["key", "nobody"])
    expect(exact.keep?.count).toBe(7)
  })

  test("takes its secrets from the environment, and says which is missing", () => {
    const config = {
      ingest: { orders: { redisStream: { ...redisStream, url: "redis://:${ORDERS_PASSWORD}@h" }, to: "/a" } },
    }
    const filled = applyEnvironment(config, { ORDERS_PASSWORD: "s3cret" })
    expect(filled.ingest?.["orders"]?.redisStream?.url).toBe("redis://:s3cret@h")
    expect(() => applyEnvironment(config, {})).toThrow(
      "ingest.orders.redisStream.url: needs the environment variable ORDERS_PASSWORD, which is not set or empty",
    )
  })

  test("says what it promises less than once", () => {
    const ingest = { orders: { redisStream, to: "/a" } }
    const config = parseConfig({ ingest })
    const [one] = config.ingest
    if (!one) throw new Error("there is none")
    const on = (engine: string) => ({ engine: { name: engine }, rules: config.rules })
    expect(ingestCautions(one, on("sqlite"))).toEqual([])
    const unkept = parseConfig({ ingest, channels: { "/ingest/**": { history: "none" } } })
    expect(ingestCautions(one, { ...on("sqlite"), rules: unkept.rules })).toEqual([
      "what is set aside is lost: /ingest/orders/dead has no history, so nothing can be replayed",
    ])
    expect(ingestCautions(one, on("memory"))[0]).toMatch(/at least once over a restart/)
    const queue = { ...one, kind: { ...one.kind, name: "rabbitmq", positions: false } }
    expect(ingestCautions(queue, on("redis"))[0]).toMatch(/at least once: rabbitmq has no positions/)
    expect(ingestCautions({ ...queue, route: { ...one.route, id: "{key}" } }, on("redis"))).toEqual([])
  })
})
