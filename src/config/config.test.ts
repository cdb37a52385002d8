import { describe, expect, expectTypeOf, test } from "bun:test"
import type { z } from "zod"
import { defaultLimits } from "../../wire/limits.ts"
import { defaultPermissions } from "../access/rules/permissions.ts"
import { parseChannel } from "../channels/name.ts"
import { defaultRule } from "../channels/rules.ts"
import { type ConfigInput, ConfigError, parseConfig } from "./config.ts"
import type { ChannelInput } from "./input/config-input.ts"
import type { channelSchema, configSchema } from "./schema/config-schema.ts"

const ruleIn = (config: ConfigInput, channel: string) =>
  parseConfig(config).rules.for(parseChannel(channel, "body"))

const linesOf = (value: unknown): string[] => {
  try {
    parseConfig(value)
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n")
    throw error
  }
  return []
}

/** Without keys and tokens. */
const everybody = defaultPermissions(false).usual

describe("a configuration", () => {
  test("of nothing is the defaults", () => {
    for (const nothing of [undefined, null, {}, { listen: {}, channels: {}, limits: {} }]) {
      const { rules, ...rest } = parseConfig(nothing)
      expect(rest).toEqual({
        listen: { host: "127.0.0.1", port: 8080 },
        engine: { name: "memory" },
        node: { name: null, advertise: null, leaseMs: 10_000 },
        limits: defaultLimits,
        stomp: { paths: [], tcp: null, proxyProtocol: false },
        open: false,
        access: { keys: [], tokens: null, origins: null, proxies: [] },
        tls: null,
        log: { level: "warn", format: null },
        hooks: [],
        sockjs: { paths: new Map(), oldTransports: false, clientScript: null },
        reservedPaths: [],
        watch: [],
        ingest: [],
      })
      expect(rules.for(parseChannel("/a", "path"))).toEqual({ ...defaultRule, permissions: everybody })
    }
  })

  test("may say everything", () => {
    const config = parseConfig({
      $schema: "./config.schema.json",
      listen: { host: "::", port: 0 },
      engine: "memory",
      channels: { "/a": { history: "none", slow: "latest" } },
      limits: {
        messageBytesMax: "128KB",
        heartbeatSeconds: "500ms",
        drainSeconds: 0,
        outboxBytesMax: 1024 * 1024,
      },
      open: true,
    })
    expect(config.listen).toEqual({ host: "::", port: 0 })
    expect(config.open).toBe(true)
    expect(config.limits).toEqual({
      ...defaultLimits,
      messageBytesMax: 131_072,
      heartbeatSeconds: 0.5,
      drainSeconds: 0,
    })
  })

  test("that is no object is refused", () => {
    expect(linesOf([])).toEqual(["must be an object, not a list"])
    expect(linesOf("listen")).toEqual(['must be an object, not "listen"'])
  })

  test("says what is missing, what is nothing, and what is too few", () => {
    expect(
      linesOf({
        tls: { cert: "server.pem" },
        hooks: [{}],
        tokens: { secret: null },
        proxies: null,
        watch: [{ channel: "/a", silent: 5, tell: [] }],
      }),
    ).toEqual([
      "tokens.secret: must be a text or a list of texts, not nothing",
      "proxies: must be a list, not nothing",
      "tls.key: must be a text, and is missing",
      "hooks.0.pattern: must be a text, and is missing",
      "watch.0.tell: must have at least 1 in its list",
    ])
  })

  test("names everything that is wrong, each with its place", () => {
    const wrong = {
      listen: { host: "", port: 70_000 },
      open: "yes",
      limits: { pollsWaitingMax: 1.5, pollSecondsMax: "1h", messageBytesMax: "64 kilo", drainSeconds: -1 },
      channels: { "/a": 5, "/b": { slow: "lastest" }, "/c": { history: { count: 0, time: "1x" } } },
    }
    expect(linesOf(wrong)).toEqual([
      "listen.host: must not be empty",
      "listen.port: must be at most 65535, not 70000",
      'channels."/a": must be an object, not 5',
      'channels."/b".slow: must be "disconnect" or "latest", not "lastest", did you mean "latest"?',
      'channels."/c".history.count: must be at least 1, not 0',
      'channels."/c".history.time: must be a time: a number of seconds, or a text such as "500ms", "25s", "1m" or "1h", not "1x"',
      'limits.messageBytesMax: must be a size: a number of bytes, or a text such as "64KB" or "1MB", not "64 kilo"',
      'limits.pollSecondsMax: must be 1 to 240 seconds, not "1h"',
      "limits.pollsWaitingMax: must be a whole number, not 1.5",
      "limits.drainSeconds: must be at least 0, not -1",
      'open: must be true or false, not "yes"',
    ])
  })

  test("must not hold the inside of a wrong value in its error", () => {
    expect(linesOf({ open: { password: "hush" }, engine: "redis://anna:hush@host" }).join()).not.toContain(
      "hush",
    )
  })
})

describe("an unknown key", () => {
  const cases: [value: unknown, line: string][] = [
    [{ limts: {} }, 'limts: unknown key, did you mean "limits"?'],
    [{ listen: { prot: 1 } }, 'listen.prot: unknown key, did you mean "port"?'],
    [
      { limits: { mesageBytesMax: 1 } },
      'limits.mesageBytesMax: unknown key, did you mean "messageBytesMax"?',
    ],
    [
      { channels: { "/a": { histroy: "none" } } },
      'channels."/a".histroy: unknown key, did you mean "history"?',
    ],
    [
      { channels: { "/a": { history: { cout: 1 } } } },
      'channels."/a".history.cout: unknown key, did you mean "count"?',
    ],
    [
      { channels: { "/a": { history: { count: "1", tme: 1 } } } },
      'channels."/a".history.tme: unknown key, did you mean "time"?',
    ],
    [{ completely: 1 }, "completely: unknown key"],
    [{ "a key": 1 }, '"a key": unknown key'],
    [{ toString: 1 }, "toString: unknown key"],
  ]
  for (const [value, line] of cases) {
    test(`is named with the one that was meant: ${line}`, () => expect(linesOf(value)).toContain(line))
  }
})

describe("an engine", () => {
  test("that this version does not have is refused by name, and its address is not repeated", () => {
    for (const engine of ["nats://user:secret@host", "nats"]) {
      expect(linesOf({ engine })).toEqual([
        "engine: the engine nats is not built into this version; it has: memory, sqlite, redis",
      ])
    }
  })

  test("that keeps in a directory has its own settings, and defaults for them", () => {
    const engine = "sqlite:./data"
    const standard = {
      name: "sqlite",
      directory: "./data",
      acknowledge: "durable",
      diskBytesMax: 4 * 1024 ** 3,
    }
    expect(parseConfig({ engine }).engine).toEqual(standard as never)
    const sqlite = { acknowledge: "first", diskBytesMax: "64MB" } as const
    const given = { ...standard, acknowledge: "first", diskBytesMax: 64 * 1024 ** 2 }
    expect(parseConfig({ engine, sqlite }).engine).toEqual(given as never)
    expect(linesOf({ sqlite: { acknowledge: "last" } })).toEqual([
      'sqlite.acknowledge: must be "durable" or "first", not "last"',
    ])
  })

  test("in Redis has an address and its own settings", () => {
    const { engine } = parseConfig({ engine: "redis://u:p%40@h/2", redis: { routing: "broadcast" } })
    expect(engine).toEqual({
      name: "redis",
      address: {
        kind: "single",
        tls: false,
        hosts: [{ host: "h", port: 6379 }],
        masterName: "",
        username: "u",
        password: "p@",
        database: 2,
      },
      routing: "broadcast",
      durable: false,
      prefix: "laba",
      historyBytesMax: 1024 ** 3,
      ca: null,
    })
    expect(linesOf({ redis: { prefix: "a b" } })).toEqual([
      'redis.prefix: must be 1 to 40 of letters, digits and _ . : -, not "a b"',
    ])
  })

  test("in Redis with a wrong address is refused without repeating it", () => {
    expect(linesOf({ engine: "redis://anna:hush@host:70000" })).toEqual([
      "engine: the engine's address needs a host, or host:port with a port from 1 to 65535",
    ])
  })

  test("that nobody knows is refused with the nearest", () => {
    expect(linesOf({ engine: "memroy" })).toEqual([
      'engine: must be "memory", or "sqlite:" and a directory, or an address such as "redis://127.0.0.1:6379", not "memroy", did you mean "memory"?',
    ])
    expect(linesOf({ engine: "sqlite:~/data" })).toEqual([
      "engine: the engine's directory begins with ~, which shells read and Laba does not; write it out, or ./~ where that is its name",
    ])
    expect(linesOf({ engine: "sqlite:./~" })).toEqual([])
    expect(linesOf({ engine: "sqlite:" })).toEqual([
      'engine: must be "memory", or "sqlite:" and a directory, or an address such as "redis://127.0.0.1:6379", not "sqlite:"',
    ])
    expect(linesOf({ engine: 1 })).toEqual([
      'engine: must be "memory", or "sqlite:" and a directory, or an address such as "redis://127.0.0.1:6379", not 1',
    ])
  })
})

describe("a channel's rule", () => {
  test("has what it leaves out from the defaults", () => {
    const channels = {
      "/a": {},
      "/b": { history: { count: 1, time: "10m" } },
      "/c": { slow: "latest" },
    } as const
    expect(ruleIn({ channels }, "/a")).toEqual({ ...defaultRule, pattern: "/a", permissions: everybody })
    expect(ruleIn({ channels }, "/b").keep).toEqual({ count: 1, bytes: 262_144, timeMs: 600_000 })
    const latest = { ...defaultRule, pattern: "/c", slow: "latest", permissions: everybody } as const
    expect(ruleIn({ channels }, "/c")).toEqual(latest)
  })

  test("with history: none keeps nothing", () => {
    expect(ruleIn({ channels: { "/**": { history: "none" } } }, "/a/b").keep).toBeNull()
  })

  test("may be for every channel, in place of the default", () => {
    expect(ruleIn({ channels: { "/**": { history: { time: 0.5 } } } }, "/a").keep?.timeMs).toBe(500)
  })

  test("may have a part of the budget of its own, by the name of its pattern", () => {
    const channels = { "/chat/**": { history: { budget: "50MB" } } }
    expect(ruleIn({ channels }, "/chat/1").keep?.budget).toEqual({
      name: "rule:/chat/**",
      bytes: 50 * 1024 * 1024,
    })
    expect(ruleIn({ channels }, "/other").keep?.budget).toBeUndefined()
  })

  test("with a malformed pattern is refused", () => {
    const [line] = linesOf({ channels: { "/a*": {} } })
    expect(line).toBe(
      'channels."/a*": not a pattern of channels: `*` stands for a whole part; a literal one is written `%2A`.',
    )
  })

  test("with a pattern that is there in another spelling is refused", () => {
    expect(linesOf({ channels: { "/orders/*": {}, "/%6frders/*": {} } })).toEqual([
      'channels."/%6frders/*": is the same pattern as "/orders/*"',
    ])
  })

  test("that would keep more than the whole node is refused, and one that says nothing keeps within a small budget", () => {
    expect(linesOf({ channels: { "/a": { history: { bytes: "1GB" } } } })).toEqual([
      'channels."/a".history.bytes: is more than all channels of a node keep together: limits.historyBytesMax is 268435456 bytes',
    ])
    const limits = { historyBytesMax: "1KB" }
    expect(ruleIn({ limits }, "/a").keep?.bytes).toBe(1024)
    expect(ruleIn({ limits, channels: { "/a": { slow: "latest" } } }, "/a").keep?.bytes).toBe(1024)
    expect(linesOf({ limits, channels: { "/a": { history: { bytes: 1024 } } } })).toEqual([])
  })
})

test("an outbox that cannot hold one message is refused", () => {
  expect(linesOf({ limits: { outboxBytesMax: 100 } })).toEqual([
    "limits.outboxBytesMax: is less than limits.messageBytesMax (65536 bytes): one message would make every reader slow",
  ])
  expect(linesOf({ limits: { unacknowledgedPerNodeMax: 10, unacknowledgedBytesPerNodeMax: "1KB" } })).toEqual(
    [
      "limits.unacknowledgedPerNodeMax: is less than limits.unacknowledgedMax (1000): no subscription could have as many as that",
      "limits.unacknowledgedBytesPerNodeMax: is less than limits.messageBytesMax (65536 bytes): not one message could wait",
    ],
  )
})

test("what users may write is what the schema takes", () => {
  type Taken = z.input<typeof configSchema>
  type Member<Input, Name extends keyof Input> = keyof NonNullable<Input[Name]>
  expectTypeOf<keyof ConfigInput>().toEqualTypeOf<keyof Taken>()
  expectTypeOf<Member<ConfigInput, "listen">>().toEqualTypeOf<Member<Taken, "listen">>()
  expectTypeOf<Member<ConfigInput, "limits">>().toEqualTypeOf<Member<Taken, "limits">>()
  expectTypeOf<keyof ChannelInput>().toEqualTypeOf<keyof z.input<typeof channelSchema>>()
  expectTypeOf<NonNullable<ConfigInput["limits"]>>().toExtend<NonNullable<Taken["limits"]>>()
  expectTypeOf<ChannelInput>().toExtend<z.input<typeof channelSchema>>()
})
