// A restart while messages are published and many listen: everybody is sent away over the window and told to come back
// over it, and hears what was accepted until then. Afterwards they hear the rest, or a reset where nothing was kept.
import { afterAll, expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { ConfigInput } from "../../src/server/index.ts"
import { textOf } from "../support/heard.ts"
import { startProcess } from "../support/process.ts"
import { laba, longPoll, rawWebSocket, sse, type Transport } from "../support/transports.ts"
import { type Life, listenForLife } from "./restart/life.ts"
import { PersistentPublisher } from "./restart/persistent-publisher.ts"

const windowSeconds = 4
const configOf = (engine: string): ConfigInput => ({
  engine,
  channels: { "/**": { history: { count: 10_000, bytes: "16MB", time: "10m" } } },
  limits: { drainSeconds: windowSeconds },
})
const channel = "/orders/all"

const crowd: readonly (readonly [transport: Transport, count: number])[] = [
  [rawWebSocket, 60],
  [laba, 60],
  [sse, 60],
  [longPoll, 20],
]

/** Between a listener's end and an answer to the publisher, a client may read two sockets in either order; no more than this. */
const inFlight = 3

const isRun = (numbers: readonly number[]): boolean =>
  numbers.length > 0 && numbers.every((number, index) => number === (numbers[0] as number) + index)

/** How many accepted messages somebody was owed when it was sent away, and never heard. */
const owed = ({ heard, acceptedAtEnd }: Life): number =>
  Math.max(0, acceptedAtEnd - inFlight - (heard.at(-1) ?? 0))

type Return = (life: Life, base: string, accepted: number) => Promise<void>

/** Restarts a server under load, and has everybody come back who can. */
async function restart(config: ConfigInput, comeBack: Return): Promise<void> {
  await using first = await startProcess({ config })
  let publisher: PersistentPublisher | null = null
  const lives: Promise<Life>[] = []
  for (const [transport, count] of crowd) {
    for (let index = 0; index < count; index++) {
      const life = await listenForLife(transport, {
        base: first.base,
        channel,
        accepted: () => publisher?.accepted ?? 0,
      })
      lives.push(life.ended)
    }
  }
  // Last, so that it is among the last to be sent away and publishes far into the window.
  publisher = await PersistentPublisher.open(first.base, channel)
  while (publisher.accepted < 50) await Bun.sleep(5)
  const acceptedAtSignal = publisher.accepted
  first.signal("SIGTERM")
  const ended = await Promise.all(lives)
  expect(await first.exited).toBe(0)
  await using second = await startProcess({ config, port: first.port })
  const acceptedBefore = publisher.accepted
  while (publisher.accepted < acceptedBefore + 20) await Bun.sleep(5)
  await publisher.stop()

  // What was published meanwhile was taken, or its refusal said when to come back.
  expect(publisher.acceptedBySocket).toBeGreaterThan(acceptedAtSignal + 50)
  const final = publisher.refusals.filter(({ comeBack }) => comeBack === null || comeBack === "stay-away")
  expect(final).toEqual([])

  // Whatever was accepted while somebody listened, they have heard, in order and once. A poll is answered at once and
  // refused from then on, so it hears less, and says so when it resumes.
  for (const life of ended) {
    const name = life.transport.name
    expect({ name, inOrder: isRun(life.heard) }).toEqual({ name, inOrder: true })
    if (life.transport.isHeld) expect({ name, owed: owed(life) }).toEqual({ name, owed: 0 })
  }

  // Away over the window, not all at once: a lag of this process can only make it longer.
  const times = ended.filter(({ transport }) => transport.isHeld).map(({ endedAtMs }) => endedAtMs)
  const began = Math.min(...times)
  expect(Math.max(...times) - began).toBeGreaterThan((windowSeconds * 1000) / 2)
  expect(new Set(times.map((time) => Math.floor((time - began) / 200))).size).toBeGreaterThan(5)

  // And back over it: each stream was told a time of its own. By chance none of sixty is in a quarter once in ten million.
  const quarters = ended.flatMap(({ retryMs }) =>
    retryMs === null ? [] : [Math.floor((retryMs / windowSeconds / 1000) * 4)],
  )
  expect([...new Set(quarters)].sort()).toEqual([0, 1, 2, 3])

  const { base } = second
  const { accepted } = publisher
  for (const life of ended) if (life.transport.tellsCursor) await comeBack(life, base, accepted)
}

/** Nothing was kept, and each who comes back is told so before anything else. */
async function comeBackToReset({ transport, cursor }: Life, base: string): Promise<void> {
  await using again = await transport.open(base, channel, cursor as string)
  const { reason } = await again.reset()
  expect([transport.name, reason]).toEqual([transport.name, "epoch"])
}

/** Nothing was lost: what was heard before and is heard now are all that was ever accepted, once and in order. */
async function comeBackToAll(
  { transport, heard, cursor }: Life,
  base: string,
  accepted: number,
): Promise<void> {
  await using again = await transport.open(base, channel, cursor as string)
  const rest = await again.messages(accepted - heard.length)
  const all = [...heard, ...rest.map((message) => Number(textOf(message)))]
  const name = transport.name
  expect({ name, all }).toEqual({ name, all: Array.from({ length: accepted }, (_, index) => index + 1) })
}

test("sends listeners away over the window in a restart under load; all accepted is heard before, and a reset after", async () => {
  await restart(configOf("memory"), comeBackToReset)
}, 90_000)

const folder = mkdtemp(join(tmpdir(), "laba-restart-"))
afterAll(async () => rm(await folder, { recursive: true, force: true }))

test("loses nothing at all in a restart under load over the sqlite engine, whoever comes back", async () => {
  await restart(configOf(`sqlite:${await folder}`), comeBackToAll)
}, 90_000)
