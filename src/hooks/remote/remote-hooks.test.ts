import { expect, test } from "bun:test"
import type { LabaError } from "../../../wire/error.ts"
import type { Visitor } from "../hooks.ts"
import { BackendFailure } from "./delivery/backend-failure.ts"
import { nackedMessagesMax } from "./delivery/nack-budget.ts"
import { memoryStore } from "./registrations/memory-store.ts"
import { openWithinMs } from "./registrations/registrations.ts"
import type { HookConfig, HookResponse, HttpRequest, NotificationStore, HookNotification } from "./remote.ts"
import { type RemoteHooksOptions, RemoteHooks, subscribesAtOnceMax } from "./remote-hooks.ts"

const hook: HookConfig = {
  name: "desk",
  pattern: "/desk/*",
  dialect: "laba",
  urls: { register: "http://b/", transport: "http://b/", unregister: "http://b/" },
  secrets: [],
  timeoutMs: 5000,
  concurrencyMax: 4,
  privateAddresses: [],
  origin: "laba",
  handshake: false,
}

/** What a backend is sent, and how it answers by the event's kind. */
class Backend {
  readonly sent: { kind: string; id: string }[] = []
  answers: Record<string, () => Promise<HookResponse> | HookResponse> = {}

  readonly send = async ({ headers }: HttpRequest): Promise<HookResponse> => {
    const kind = (headers["ce-type"] as string).replace("laba.", "")
    this.sent.push({ kind, id: headers["ce-id"] as string })
    return this.answers[kind]?.() ?? status(204)
  }

  ids(kind: string): string[] {
    return this.sent.filter((one) => one.kind === kind).map(({ id }) => id)
  }
}

const status = (code: number, body = ""): HookResponse => ({
  status: code,
  headers: new Headers(),
  body: new TextEncoder().encode(body),
})

const visitor = (connection: string, over: Partial<Visitor> = {}): Visitor => ({
  connection,
  transport: "websocket",
  protocol: "raw",
  channel: "/desk/1",
  channels: [],
  user: undefined,
  headers: new Headers(),
  query: "",
  address: "203.0.113.9",
  ...over,
})

function make(backend: Backend, over: Partial<RemoteHooksOptions> = {}): RemoteHooks {
  return new RemoteHooks({
    hooks: [hook],
    node: "node01",
    send: backend.send,
    store: memoryStore,
    publish: async () => {},
    isOpen: () => true,
    dismiss: () => {},
    onFailure: () => {},
    onLost: () => {},
    chance: () => 0.5,
    ...over,
  })
}

/** A store that can be looked at. */
class KeptStore implements NotificationStore {
  readonly durable = true
  readonly kept = new Map<string, HookNotification>()
  closed = false
  load = (): HookNotification[] => [...this.kept.values()]
  put = (one: HookNotification): void => void this.kept.set(one.id, structuredClone(one))
  remove = (id: string): void => void this.kept.delete(id)
  close = (): void => void (this.closed = true)
}

/** Until all that was begun without a timer is done. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "let in",
    (error: LabaError) => error.code,
  )

test("[H15] the end of a connection is written down before the backend hears of its beginning", async () => {
  const backend = new Backend()
  const store = new KeptStore()
  const hooks = make(backend, { store })
  let keptThen: HookNotification | undefined
  backend.answers["register"] = () => {
    keptThen = store.kept.get("c1/unregister")
    return status(200, '{"user":"ann","state":"seven"}')
  }
  await hooks.register(visitor("c1"))
  expect(keptThen?.event).toMatchObject({ kind: "unregister", code: 1006, reason: "node_lost" })
  expect(store.kept.get("c1/unregister")?.event).toMatchObject({ user: "ann", state: "seven" })
  hooks.gone({ connection: "c1", code: 1000, reason: "bye" })
  hooks.gone({ connection: "c1", code: 1000, reason: "bye" })
  await settled()
  expect(backend.ids("unregister")).toEqual(["c1/unregister"])
  expect([...store.kept]).toEqual([])
  await hooks.close(0)
  expect(store.closed).toBe(true)
})

test("[H15] another run tells what the last one could not, and says what nobody can hear", async () => {
  const backend = new Backend()
  const store = new KeptStore()
  const first = make(backend, { store })
  await first.register(visitor("c1"))
  await first.register(visitor("c2"))
  const tell = store.kept.get("c2/unregister") as HookNotification
  store.put({ ...tell, id: "c3/unregister", hook: "removed" })
  const lost: string[] = []
  const second = make(backend, { store, onLost: (name, why) => lost.push(`${name}: ${why}`) })
  await settled()
  expect(backend.ids("unregister")).toEqual(["c1/unregister", "c2/unregister"])
  expect(lost).toEqual(["removed: c3/unregister has nobody left to hear it"])
  expect([...store.kept]).toEqual([])
  await first.close(0)
  await second.close(0)
})

test("[H6, H15] who said no, or was never reached, hears no end; who may have heard, does", async () => {
  const backend = new Backend()
  const store = new KeptStore()
  const hooks = make(backend, { store })
  const failing = (sent: boolean) => (): never => {
    throw new BackendFailure("It failed.", { because: "connect", sent, strained: true })
  }
  const ways = [
    { answer: () => status(403), code: "forbidden", hears: false },
    { answer: failing(false), code: "hook_failed", hears: false },
    { answer: failing(true), code: "hook_failed", hears: true },
    { answer: () => status(500), code: "hook_failed", hears: true },
    { answer: () => status(200, "no JSON"), code: "hook_failed", hears: true },
    { answer: () => status(200, '{"user":""}'), code: "hook_failed", hears: true },
    { answer: () => status(200, '{"channels":["no channel"]}'), code: "hook_failed", hears: true },
    { answer: () => status(200, '{"subprotocol":"chat"}'), code: "hook_failed", hears: true },
  ]
  for (const [index, { answer, code, hears }] of ways.entries()) {
    backend.answers["register"] = answer
    expect([index, await codeOf(hooks.register(visitor(`c${index}`)))]).toEqual([index, code])
    await settled()
    expect([index, backend.ids("unregister").includes(`c${index}/unregister`)]).toEqual([index, hears])
  }
  expect([...store.kept]).toEqual([])
  await hooks.close(0)
})

test("[H15] the end comes after the answer to what was sent before it", async () => {
  const backend = new Backend()
  const hooks = make(backend)
  await hooks.register(visitor("c1"))
  const answer = Promise.withResolvers<HookResponse>()
  backend.answers["transport"] = () => answer.promise
  const message = { connection: "c1", user: undefined, transport: "websocket", channel: "/desk/1" } as const
  const work = hooks.message({ ...message, type: "text/plain", data: "x" }, "")
  await settled()
  hooks.gone({ connection: "c1", code: 1006, reason: "" })
  await settled()
  expect(backend.sent.map(({ kind }) => kind)).toEqual(["register", "transport"])
  answer.resolve(status(204))
  expect(await work).toEqual({ publish: false })
  await settled()
  expect(backend.sent.map(({ kind }) => kind)).toEqual(["register", "transport", "unregister"])
  await hooks.close(0)
})

test("a user who is known only after the connection was open is told with its end, also by another run", async () => {
  const backend = new Backend()
  const store = new KeptStore()
  const hooks = make(backend, { store })
  for (const connection of ["c1", "c2"]) await hooks.register(visitor(connection))
  await hooks.message(
    {
      connection: "c1",
      user: "ann",
      transport: "websocket",
      channel: "/desk/1",
      type: "text/plain",
      data: "x",
    },
    "@ann",
  )
  expect(store.kept.get("c1/unregister")?.event).toMatchObject({ user: "ann", reason: "node_lost" })
  hooks.gone({ connection: "c2", code: 1000, reason: "", user: "bob" })
  expect(store.kept.get("c2/unregister")?.event).toMatchObject({ user: "bob", code: 1000 })
  await settled()
  await hooks.close(0)
})

test("[H15] a client that was let in and never came is told as gone", async () => {
  const backend = new Backend()
  let nowMs = 0
  const open = new Set(["c1"])
  const hooks = make(backend, { now: () => nowMs, isOpen: (connection) => open.has(connection) })
  await hooks.register(visitor("c1"))
  await hooks.register(visitor("c2"))
  nowMs = openWithinMs - 1
  hooks.registrations.sweep()
  await settled()
  expect(backend.ids("unregister")).toEqual([])
  nowMs = openWithinMs
  hooks.registrations.sweep()
  await settled()
  expect(backend.ids("unregister")).toEqual(["c2/unregister"])
  expect(hooks.registrations.size).toBe(1)
  await hooks.close(0)
})

test("[H15, H16] while nobody hears of ends, no more connections are let in than ends can be kept of", async () => {
  const backend = new Backend()
  const hooks = make(backend, { storedMax: 3 })
  backend.answers["unregister"] = () => status(500)
  for (const connection of ["c1", "c2", "c3"]) {
    await hooks.register(visitor(connection))
    hooks.gone({ connection, code: 1000, reason: "" })
  }
  await settled()
  expect(hooks.routes.pending).toBe(3)
  expect(await codeOf(hooks.register(visitor("c4")))).toBe("hook_failed")
  expect(backend.ids("register")).not.toContain("c4/register")
  // A poll has no end, and needs no place.
  expect(await codeOf(hooks.register(visitor("c5", { transport: "poll" })))).toBe("let in")
  await hooks.close(0)
})

test("[H16] a backend that does not answer is asked no more for a while, and asks fail at once with when to come back", async () => {
  const backend = new Backend()
  let nowMs = 0
  const hooks = make(backend, { now: () => nowMs })
  backend.answers["register"] = () => status(503)
  backend.answers["unregister"] = () => status(503)
  for (let i = 0; i < 5; i++) await codeOf(hooks.register(visitor(`c${i}`)))
  const asked = backend.ids("register").length
  const refused = await hooks.register(visitor("late")).catch((error: LabaError) => error)
  expect(refused).toMatchObject({ code: "hook_failed" })
  expect((refused as LabaError).retryAfterSeconds).toBeGreaterThan(0)
  expect(backend.ids("register")).toHaveLength(asked)
  backend.answers["register"] = () => status(204)
  nowMs = 40_000
  expect(await codeOf(hooks.register(visitor("back")))).toBe("let in")
  await hooks.close(0)
})

test("[H16] a request that a backend fails at keeps nobody else's from being asked", async () => {
  const backend = new Backend()
  const hooks = make(backend)
  backend.answers["register"] = () => status(500)
  for (let i = 0; i < 50; i++) expect(await codeOf(hooks.register(visitor(`c${i}`)))).toBe("hook_failed")
  expect(hooks.routes.all[0]?.backend.concurrency.limit).toBe(4)
  backend.answers["register"] = () => status(204)
  expect(await codeOf(hooks.register(visitor("another")))).toBe("let in")
  await hooks.close(0)
})

test("[H16] requests of one client that are not answered in time keep nobody else's from being asked", async () => {
  const backend = new Backend()
  let nowMs = 0
  // Without ends, whose being heard would be an answer.
  const hooks = make(backend, { hooks: [{ ...hook, urls: { register: "http://b/" } }], now: () => nowMs })
  const late = (): never => {
    throw new BackendFailure("It was late.", { because: "timeout", sent: true, strained: true })
  }
  backend.answers["register"] = late
  const attempts = Array.from({ length: 20 }, (_, i) => `c${i}`)
  for (const one of attempts) expect(await codeOf(hooks.register(visitor(one)))).toBe("hook_failed")
  expect(hooks.routes.all[0]?.backend.circuit.state).toBe("closed")
  // Whom others began after and were answered before says nothing of how much the backend can take.
  const { concurrency } = hooks.routes.all[0]?.backend ?? {}
  backend.answers["register"] = () => status(204)
  for (let i = 0; i < 30; i++) await hooks.register(visitor(`w${i}`))
  const limit = concurrency?.limit
  const answer = Promise.withResolvers<never>()
  backend.answers["register"] = () => answer.promise
  const hanging = codeOf(hooks.register(visitor("hanging")))
  await settled()
  nowMs = 1
  backend.answers["register"] = () => status(204)
  expect(await codeOf(hooks.register(visitor("another", { address: "198.51.100.7" })))).toBe("let in")
  answer.reject(new BackendFailure("It was late.", { because: "timeout", sent: true, strained: true }))
  expect(await hanging).toBe("hook_failed")
  expect(concurrency?.limit).toBe(limit as number)
  // The same of several clients is the backend's own.
  backend.answers["register"] = late
  nowMs = 2
  for (let i = 1; i <= 5; i++) await codeOf(hooks.register(visitor(`d${i}`, { address: `198.51.100.${i}` })))
  expect(hooks.routes.all[0]?.backend.circuit.state).toBe("open")
  await hooks.close(0)
})

test("[H9] a poll's channels are asked about some at once, each once, and its first refusal ends it", async () => {
  const backend = new Backend()
  const hooks = make(backend, {
    hooks: [{ ...hook, pattern: "/**", urls: { subscribe: "http://b/" }, concurrencyMax: 64 }],
  })
  const poll = (channels: string[]) =>
    codeOf(hooks.register(visitor("c1", { transport: "poll", channel: null, channels })))
  const waiting: ((answer: HookResponse) => void)[] = []
  backend.answers["subscribe"] = () => new Promise((resolve) => waiting.push(resolve))
  const channels = Array.from({ length: 20 }, (_, i) => `/a/${i}`)
  const letIn = poll([...channels, ...channels])
  let peak = 0
  for (let i = 0; i < channels.length; i++) {
    await settled()
    peak = Math.max(peak, waiting.length)
    waiting.shift()?.(status(204))
  }
  expect([await letIn, backend.ids("subscribe").length, peak]).toEqual(["let in", 20, subscribesAtOnceMax])
  backend.answers["subscribe"] = () => status(403)
  expect(await poll(channels)).toBe("forbidden")
  expect(backend.ids("subscribe").length).toBeLessThanOrEqual(20 + subscribesAtOnceMax)
  await hooks.close(0)
})

test("what a backend wants published that cannot be is its failure, and what the engine cannot do is not", async () => {
  const backend = new Backend()
  const published: string[] = []
  const hooks = make(backend, {
    async publish(channel, { data }) {
      if (channel === "/wrong") throw new Error("bad_channel")
      published.push(`${channel} ${data}`)
    },
  })
  backend.answers["register"] = () =>
    status(200, '{"publish":[{"data":1},{"channel":"/floor","data":{"a":2}}]}')
  expect(await codeOf(hooks.register(visitor("c1")))).toBe("let in")
  expect(published).toEqual(["/desk/1 1", '/floor {"a":2}'])
  backend.answers["register"] = () => status(200, '{"publish":{"channel":"/wrong","data":1}}')
  expect(await codeOf(hooks.register(visitor("c2")))).toBe("hook_failed")
  await hooks.close(0)
})

const nacking: HookConfig = { ...hook, urls: { ...hook.urls, nack: "http://b/" } }

const nackedBy = (user: string | undefined, connection: string, messages: readonly string[]) =>
  ({ connection, transport: "tcp", user, channel: "/desk/1", messages }) as const

test("[H19] what a client nacked is told in order, before its end, with the state that its backend gave", async () => {
  const backend = new Backend()
  const told: unknown[] = []
  const hooks = make(backend, {
    hooks: [nacking],
    send: async (request) => {
      const kind = request.headers["ce-type"]
      if (kind === "laba.register") return status(200, '{"state":"seven"}')
      told.push([request.headers["ce-id"], request.headers["ce-state"], String(request.body)])
      return status(204)
    },
  })
  await hooks.register(visitor("c1"))
  hooks.nacked(nackedBy(undefined, "c1", ["a", "b"]))
  hooks.nacked(nackedBy(undefined, "c1", ["c"]))
  hooks.gone({ connection: "c1", code: 1000, reason: "" })
  await hooks.close(1000)
  expect(told).toEqual([
    ["c1/nack/1", "seven", '{"channel":"/desk/1","messages":["a","b"]}'],
    ["c1/nack/2", "seven", '{"channel":"/desk/1","messages":["c"]}'],
    ["c1/unregister", "seven", '{"code":1000,"reason":""}'],
  ])
})

test("[H19] who nacks without end while the backend is away fills half of what may wait, and leaves the rest to others", async () => {
  const backend = new Backend()
  backend.answers["nack"] = () => status(404)
  const lost: string[] = []
  const hooks = make(backend, { hooks: [nacking], onLost: (_, why) => void lost.push(why) })
  for (let i = 0; i < nackedMessagesMax; i++) hooks.nacked(nackedBy("ann", `c${i}`, ["a"]))
  expect(hooks.routes.pending).toBe(nackedMessagesMax / 2)
  expect(lost).toHaveLength(nackedMessagesMax / 2)
  expect(lost[0]).toContain("nacked more than may wait")
  hooks.nacked(nackedBy("bob", "d", ["a"]))
  expect(hooks.routes.pending).toBe(nackedMessagesMax / 2 + 1)
  await hooks.close(0)
})

test("[H19] a hook without `nack` hears of none", async () => {
  const backend = new Backend()
  const hooks = make(backend)
  hooks.nacked(nackedBy("ann", "c1", ["a"]))
  expect(hooks.routes.pending).toBe(0)
  await hooks.close(0)
})
