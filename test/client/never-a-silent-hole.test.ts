// The promise that the client makes, against a model: whatever the network and the server do, what the application is
// given is what was published, once and in order, or a reset tells it where not.
import { expect, test } from "bun:test"
import fc from "fast-check"
import type { Channel } from "../../client/channels/channel.ts"
import type { Options } from "../../client/options.ts"
import { parseCursor, printCursor } from "../../wire/cursor.ts"
import type { Path } from "./model-network.ts"
import { createRandom, type Simulation, startSimulation } from "./simulation.ts"

type Deed =
  | { readonly does: "publish"; readonly channel: string; readonly count: number }
  | { readonly does: "clientPublishes"; readonly channel: string }
  | { readonly does: "wait"; readonly ms: number }
  | { readonly does: "cut"; readonly isSilent: boolean }
  | { readonly does: "away"; readonly ms: number }
  | { readonly does: "block"; readonly path: Path }
  | { readonly does: "unblock"; readonly path: Path }
  | { readonly does: "buffer"; readonly buffers: boolean }
  | { readonly does: "restart"; readonly forgets: boolean }
  | { readonly does: "trim"; readonly channel: string; readonly keeps: number }
  | { readonly does: "lose"; readonly answers: number }
  | { readonly does: "end"; readonly retry: "at-once" | "back-off" }
  | { readonly does: "page"; readonly event: "online" | "shown" | "hidden" }
  | { readonly does: "sleep"; readonly ms: number }
  | { readonly does: "open"; readonly name: string }
  | { readonly does: "close"; readonly which: number }

const channels = ["/a", "/b"]
const path = fc.constantFrom<Path>("websocket", "sse", "poll")
const channel = fc.constantFrom(...channels)

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ does: fc.constant("publish"), channel, count: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constant("clientPublishes"), channel }) },
  { weight: 6, arbitrary: fc.record({ does: fc.constant("wait"), ms: fc.integer({ min: 0, max: 4_000 }) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("wait"), ms: fc.constant(70_000) }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant("cut"), isSilent: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("away"), ms: fc.integer({ min: 0, max: 20_000 }) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom("block", "unblock"), path }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("buffer"), buffers: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("restart"), forgets: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant("trim"), channel, keeps: fc.integer({ min: 0, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("lose"), answers: fc.integer({ min: 1, max: 5 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant("end"), retry: fc.constantFrom("at-once", "back-off") }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant("page"), event: fc.constantFrom("online", "shown", "hidden") }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant("sleep"), ms: fc.integer({ min: 0, max: 600_000 }) }),
  },
) as fc.Arbitrary<Deed>

/** The same, while handles come and go, under two names of one channel. */
const deedWithHandles = fc.oneof(
  { weight: 8, arbitrary: deed },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant("open"), name: fc.constantFrom("/a", "/%61", "/b") }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("close"), which: fc.nat(5) }) },
) as fc.Arbitrary<Deed>

/** What the application saw of one channel, in order. */
type Seen = { readonly cursor: string; readonly data?: unknown; readonly isReset?: true }

/** One handle, and what was seen by it. */
interface Watcher {
  readonly name: string
  readonly handle: Channel
  readonly log: Seen[]
}

interface Run {
  readonly simulation: Simulation
  readonly promised: Promise<unknown>[]
  readonly watchers: Watcher[]
}

const other = new Map([["/%61", "/a"]])

function watch({ simulation, watchers }: Run, spelled: string): void {
  const { clock, laba } = simulation
  const name = other.get(spelled) ?? spelled
  const log: Seen[] = []
  const handle = laba.channel(spelled)
  watchers.push({ name, handle, log })
  handle.on("reset", ({ cursor }) => log.push({ cursor, isReset: true }))
  handle.on("state", ({ state, recovered, cursor }) => {
    // The first subscription says where it begins.
    if (state === "open" && log.length === 0 && !recovered)
      log.push({ cursor: cursor as string, isReset: true })
  })
  void readSlowly(handle, log, clock, name === "/b" ? 15 : 0)
}

async function perform(current: Run, deed: Deed): Promise<void> {
  const { simulation, promised, watchers } = current
  const { clock, network, server, laba } = simulation
  if (deed.does === "publish") {
    for (let n = 0; n < deed.count; n++) server.publish(deed.channel, `s${server.accepted.length}`)
  } else if (deed.does === "clientPublishes") promised.push(laba.publish(deed.channel, `p${promised.length}`))
  else if (deed.does === "wait") await clock.pass(deed.ms)
  else if (deed.does === "cut") network.cut(deed)
  else if (deed.does === "away") {
    network.isUp = false
    network.cut({ isSilent: true })
    await clock.pass(deed.ms)
    network.isUp = true
  } else if (deed.does === "block") network.blocked.add(deed.path)
  else if (deed.does === "unblock") network.blocked.delete(deed.path)
  else if (deed.does === "buffer") network.buffers = deed.buffers
  else if (deed.does === "restart") server.restart(deed)
  else if (deed.does === "trim") server.trim(deed.channel, deed.keeps)
  else if (deed.does === "lose") network.answersToLose = deed.answers
  else if (deed.does === "end") server.endAll({ op: "error", code: "slow", detail: "", retry: deed.retry })
  else if (deed.does === "page") simulation.page(deed.event)
  else if (deed.does === "open") watch(current, deed.name)
  else if (deed.does === "close") watchers[deed.which]?.handle.close()
  else clock.sleep(deed.ms)
}

/** What was accepted, by its cursor: in one channel nothing twice within an epoch, however often it was sent. */
function recordOf(server: Simulation["server"]): ReadonlyMap<string, unknown> {
  const once = new Set<string>()
  const twice: string[] = []
  for (const { channel: name, cursor, data } of server.accepted) {
    const key = onceKey(name, cursor, data)
    if (once.has(key)) twice.push(key)
    once.add(key)
  }
  expect(twice).toEqual([])
  return new Map(server.accepted.map(({ channel: name, cursor, data }) => [`${name} ${cursor}`, data]))
}

/** Every message has data of its own, so that one that was published twice is known by it. */
const onceKey = (name: string, cursor: string, data: unknown): string =>
  `${name} ${parseCursor(cursor, name)?.epoch} ${String(data)}`

/**
 * Goes through what was seen of a channel: from any place on offsets follow each other, and only a reset moves elsewhere;
 * each message is what was accepted under its cursor, and none comes twice within an epoch.
 */
function check(name: string, seen: readonly Seen[], record: ReadonlyMap<string, unknown>): void {
  let at: { epoch: string; offset: number } | null = null
  const given = new Set<string>()
  for (const { cursor, data, isReset } of seen) {
    const position = parseCursor(cursor, name)
    if (!position) throw new Error(`malformed cursor ${cursor}`)
    if (!isReset) {
      if (at) expect(cursor).toBe(printCursor(name, { epoch: at.epoch, offset: at.offset + 1 }))
      const once = onceKey(name, cursor, data)
      expect([cursor, data, given.has(once)]).toEqual([cursor, record.get(`${name} ${cursor}`), false])
      given.add(once)
    }
    at = position
  }
}

async function live(deeds: readonly Deed[], seed: number, options: Options): Promise<void> {
  const random = createRandom(seed)
  const simulation = startSimulation({ random, publishMs: 10_000_000, ...options }, ({ network, server }) => {
    network.latencyMs = () => Math.floor(random() * 60)
    for (const [spelled, name] of other) server.names.set(spelled, name)
  })
  const { clock, network, server, laba } = simulation
  const current: Run = { simulation, promised: [], watchers: [] }
  const { promised, watchers } = current
  for (const name of channels) watch(current, name)
  for (const deed of deeds) await perform(current, deed)

  // Everything heals; in a while everybody must be where the server is.
  network.blocked.clear()
  network.buffers = false
  network.answersToLose = 0
  simulation.page("shown")
  await clock.pass(150_000)
  // One that were never answered would be waited for forever.
  let answered = 0
  for (const one of promised) void one.then(() => answered++)
  await clock.pass(0)
  expect(answered).toBe(promised.length)
  const record = recordOf(server)
  const open = new Set<string>()
  for (const { name, handle, log } of watchers) {
    check(name, log, record)
    if (handle.state === "closed") continue
    open.add(name)
    expect([handle.state, handle.cursor]).toEqual(["open", server.tail(name)])
    // One that came when everything was over has seen nothing.
    if (log.length > 0) expect(log.at(-1)?.cursor).toBe(server.tail(name))
  }
  for (const name of channels) expect([name, server.listeners(name)]).toEqual([name, open.has(name) ? 1 : 0])
  expect(simulation.reported).toEqual([])
  laba.close()
}

async function readSlowly(
  messages: AsyncIterable<{ cursor: string; data: unknown }>,
  log: Seen[],
  clock: Simulation["clock"],
  ms: number,
): Promise<void> {
  for await (const { cursor, data } of messages) {
    log.push({ cursor, data })
    if (ms > 0) await new Promise<void>((resolve) => clock.after(ms, resolve))
  }
}

const deeds = fc.array(deed, { minLength: 1, maxLength: 40, size: "max" })
const seed = fc.integer({ min: 1, max: 2 ** 31 })

test("[C5, L3, L5, L8] over any transport: what is seen is what was published, or a reset says where not", async () => {
  await fc.assert(
    fc.asyncProperty(deeds, seed, (all, one) => live(all, one, {})),
    { numRuns: 1500 },
  )
}, 180_000)

for (const transport of ["websocket", "sse", "poll"] as const) {
  test(`[C5] over ${transport} alone: what is seen is what was published, or a reset says where not`, async () => {
    await fc.assert(
      fc.asyncProperty(deeds, seed, (all, one) => live(all, one, { transports: [transport] })),
      { numRuns: 600 },
    )
  }, 180_000)
}

test("with a small bound for unread messages nothing is lost either", async () => {
  await fc.assert(
    fc.asyncProperty(deeds, seed, (all, one) => live(all, one, { bufferMax: 3, whenHidden: "close" })),
    { numRuns: 800 },
  )
}, 180_000)

for (const bufferMax of [1_000, 3]) {
  test(`handles that come and go under two names of a channel lose nothing either (bufferMax: ${bufferMax})`, async () => {
    const all = fc.array(deedWithHandles, { minLength: 1, maxLength: 40, size: "max" })
    await fc.assert(
      fc.asyncProperty(all, seed, (some, one) => live(some, one, { bufferMax })),
      { numRuns: 1000 },
    )
  }, 180_000)
}
