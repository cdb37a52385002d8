import { expect, test } from "bun:test"
import { ConfigError } from "../config-error.ts"
import { applyEnvironment } from "./environment-variables.ts"
import { mergeConfig } from "./merge-config.ts"

test("the environment wins over the file, and says nothing about the rest", () => {
  const file = { listen: { host: "::1", port: 1 }, open: false, channels: { "/a": {} } }
  const environment = { LABA_PORT: "2", LABA_OPEN: "1", LABA_ENGINE: "memory", LABA_HOST: "", HOME: "/" }
  expect(applyEnvironment(file, environment)).toEqual({
    listen: { host: "::1", port: 2 },
    open: true,
    engine: "memory",
    channels: { "/a": {} },
  })
  expect(file.listen.port).toBe(1)
})

test("an environment that sets nothing changes nothing", () => {
  const file = { listen: { port: 1 } }
  expect(applyEnvironment(file, { PATH: "/bin", LABA_BASE_URL: "x" })).toBe(file)
})

test("a wrong variable is refused by its name, and all of them at once", () => {
  const environment = { LABA_PORT: "80a", LABA_OPEN: "yes", LABA_ENGINE: "nats://h" }
  expect(() => applyEnvironment({}, environment)).toThrow(ConfigError)
  expect(() => applyEnvironment({}, environment)).toThrow(
    [
      'LABA_PORT: must be a number, not "80a"',
      "LABA_ENGINE: the engine nats is not built into this version; it has: memory, sqlite, redis",
      'LABA_OPEN: must be true or false, not "yes"',
    ].join("\n"),
  )
  expect(() => applyEnvironment({}, { LABA_PORT: "70000" })).toThrow("LABA_PORT: must be at most 65535")
})

test("a variable that is a slip of one of ours is refused, and what others may have set is not", () => {
  const slips = {
    LABA_TOKENSECRET: "LABA_TOKEN_SECRET",
    LABA_TOKENS_SECRET: "LABA_TOKEN_SECRET",
    LABA_PROT: "LABA_PORT",
    LABA_ENGIN: "LABA_ENGINE",
    LABA_NODENAME: "LABA_NODE_NAME",
    LABA_Open: "LABA_OPEN",
  }
  for (const [slip, meant] of Object.entries(slips))
    expect(() => applyEnvironment({}, { [slip]: "x" })).toThrow(
      `${slip}: unknown variable, did you mean ${meant}?`,
    )
  const others = [
    "URL",
    "KEY",
    "CREDENTIAL",
    "RUN_KEY",
    "WEBHOOK_SECRET",
    // Words of their own, though but a few letters from ENGINE, TOKEN_SECRET and NODE_NAME.
    "NGINX",
    "HOOK_SECRET",
    "NODE_HOME",
    "BUN",
    "DEMOS",
    "PROCESS",
    "SHOTS",
    "SEED",
  ]
  const toCommands = ["ID", "TIME", "TYPE", "CURSOR", "CHANNEL", "ATTEMPT", "ALARM", "SILENT_SECONDS"]
  const ofKubernetes = ["SERVICE_HOST", "SERVICE_PORT", "PORT_8080_TCP", "PORT_8080_TCP_PORT"]
  const file = { listen: { port: 1 } }
  for (const name of [...others, ...toCommands, ...ofKubernetes])
    expect(applyEnvironment(file, { [`LABA_${name}`]: "x" })).toBe(file)
})

test("the place of a service, as Kubernetes sets it beside one called laba, is no port of ours", () => {
  const file = { listen: { port: 1 } }
  expect(applyEnvironment(file, { LABA_PORT: "tcp://10.43.0.1:8080" })).toBe(file)
})

test("an empty variable counts as not set, but an empty secret is refused", () => {
  const file = { tokens: { secret: "a secret of at least 32 bytes, as RFC 7518 wants" } }
  for (const empty of ["", " "])
    expect(() => applyEnvironment(file, { LABA_TOKEN_SECRET: empty, LABA_HOST: "" })).toThrow(
      "LABA_TOKEN_SECRET: is set, but empty: give it a value, or unset it",
    )
})

test("what lies over wins member by member, and what it leaves out stays", () => {
  const under = { listen: { host: "a", port: 1 }, channels: { "/a": { slow: "latest" }, "/b": {} } } as const
  const over = { listen: { port: 2 }, channels: { "/a": { history: "none" } }, open: true } as const
  expect(mergeConfig(under, over)).toEqual({
    listen: { host: "a", port: 2 },
    channels: { "/a": { slow: "latest", history: "none" }, "/b": {} },
    open: true,
  })
  expect(mergeConfig({}, over)).toEqual(over)
  expect(mergeConfig(under, {})).toEqual(under)
})

test("what is wrong below is not hidden by what lies over it", () => {
  const wrong = { listen: 5 } as unknown as { listen: { port: number } }
  expect(mergeConfig(wrong, { listen: { port: 2 } })).toEqual(wrong)
})
