// What every source must show, with its real broker and Laba's real nodes over SQLite and Redis. A kind gives its driver; its own
// peculiarities are tested beside it.
import { describe, expect, test } from "bun:test"
import { seed } from "../support/seed.ts"
import { eventually } from "../support/eventually.ts"
import type { SourceDriver, Written } from "./driver.ts"
import { type EngineName, IngestNodes } from "./ingest-nodes.ts"
import { generator } from "./generator.ts"
import { atRest, storm } from "./storm.ts"

/** In CI a sample; `npm run campaign -- ingest` is the whole. */
const stormMessages = 2000

const patienceMs = 240_000

const numbered = (count: number, from = 0): Written[] =>
  Array.from({ length: count }, (_, at) => {
    const [key, n] = [`k${at % 5}`, from + Math.floor(at / 5)]
    return {
      key,
      id: `${key}-${n}`,
      body: JSON.stringify({ key, n, result: { n, exact: "@" } }).replace('"@"', "1.00"),
    }
  })

/** `start` gives a broker that is empty. */
export function testSource(
  kind: string,
  start: () => Promise<SourceDriver>,
  engines: readonly EngineName[] = ["sqlite", "redis"],
): void {
  for (const engine of engines) {
    describe(`${kind} into ${engine}`, () => {
      test(
        "publishes each message once, in its key's order, as its sender wrote it [I1, I4]",
        async () => {
          await using driver = await start()
          await using nodes = await IngestNodes.start(engine, {
            ...driver.ingest,
            to: ["/orders/{json.key}", "/all"],
            data: "{json.result}",
          })
          await driver.produce(numbered(200))
          await atRest(driver, nodes)
          expect(await nodes.published("/orders/k3")).toEqual(
            Array.from({ length: 40 }, (_, n) => ({ n, exact: 1 })),
          )
          expect(await nodes.published("/all")).toHaveLength(200)
          const [report] = (await nodes.reports()).filter(({ published }) => published !== 0)
          expect(report).toMatchObject({ deadLetters: 0, duplicates: 0 })
        },
        patienceMs,
      )

      test(
        "loses nothing, publishes nothing twice and keeps each key's order while all is killed [I1, I2, I5]",
        async () => {
          await using driver = await start()
          const result = await storm(driver, { engine, messages: stormMessages, random: generator(seed) })
          const { lost, twice, outOfOrder } = result
          expect({ lost, twice, outOfOrder, seed }).toEqual({ lost: 0, twice: 0, outOfOrder: 0, seed })
        },
        patienceMs,
      )

      test(
        "goes on where it was when a node leaves and another comes [I2, I9]",
        async () => {
          await using driver = await start()
          await using nodes = await IngestNodes.start(
            engine,
            { ...driver.ingest, to: "/orders/{json.key}" },
            { count: 1 },
          )
          await driver.produce(numbered(50))
          await nodes.reach("running")
          const writing = driver.produce(numbered(500, 10))
          await nodes.leave()
          await writing
          await nodes.add()
          await atRest(driver, nodes)
          const numbers = await nodes.published("/orders/k1")
          expect(numbers.map((data) => (data as { n: number }).n)).toEqual(
            Array.from({ length: 110 }, (_, n) => n),
          )
        },
        patienceMs,
      )

      test(
        "sets what is at fault aside at once, with the reason, and the rest goes on [I6]",
        async () => {
          await using driver = await start()
          await using nodes = await IngestNodes.start(engine, { ...driver.ingest, to: "/orders/{json.key}" })
          const poison: (readonly [Written["body"], RegExp])[] = [
            ["{", /not JSON/],
            ['{"n":1}', /no \{json\.key\}/],
            ['{"key":{"a":1}}', /is an object/],
            ['{"key":""}', /is empty/],
            [`{"key":"${"x".repeat(300)}"}`, /no channel's name/],
            [new Uint8Array([0xff, 0xfe]), /not UTF-8/],
            ["[".repeat(5000), /nested|not JSON/],
            [JSON.stringify({ key: "k", padding: "x".repeat(200_000) }), /at most/],
          ]
          const bad = poison.map(([body], at) => ({ key: "k0", id: `bad-${at}`, body }))
          await driver.produce([...numbered(10), ...bad, ...numbered(10, 2)])
          await atRest(driver, nodes)
          expect(await nodes.published("/orders/k0")).toHaveLength(4)
          const letters = (await nodes.published("/ingest/orders/dead")) as {
            reason: string
            topic: string
          }[]
          expect(letters.map(({ reason }) => reason)).toEqual(
            poison.map(([, pattern]) => expect.stringMatching(pattern)),
          )
          for (const letter of letters)
            expect(letter).toMatchObject({ ingest: "orders", topic: expect.any(String) })
          await expectPrivate(nodes)
        },
        patienceMs,
      )

      test(
        "fills one part of a name with a value, however it is spelled [I3]",
        async () => {
          await using driver = await start()
          await using nodes = await IngestNodes.start(engine, { ...driver.ingest, to: "/@{json.user}/sales" })
          const users = ["7", "7/x", "me", "ann bob", "../up", "é"]
          await driver.produce(
            users.map((user, at) => ({ key: "k", id: `u${at}`, body: JSON.stringify({ user }) })),
          )
          await atRest(driver, nodes)
          const names = ["/@7", "/@7%252Fx", "/@m%2565", "/@ann%20bob", "/@..%252Fup", "/@%C3%A9"]
          for (const [at, name] of names.entries())
            expect([name, await nodes.published(`${name}/sales`)]).toEqual([name, [{ user: users[at] }]])
        },
        patienceMs,
      )

      test(
        "serves people while its source is away, and says so [I8]",
        async () => {
          await using driver = await start()
          await driver.kill()
          await using nodes = await IngestNodes.start(engine, { ...driver.ingest, to: "/orders/{json.key}" })
          await nodes.reach("away")
          const base = nodes.nodes[0]?.base
          expect((await fetch(`${base}/_/ready`)).status).toBe(200)
          // Where one node reads at a time, the others stand by and have no trouble.
          const reports = await nodes.reports()
          const away = reports.filter((report) => report["state"] === "away")
          expect(away.length).toBeGreaterThan(0)
          for (const report of away) expect(report["error"]).toMatchObject({ says: expect.any(String) })
          await driver.restart()
          await driver.produce(numbered(10))
          await atRest(driver, nodes)
          expect(await nodes.published("/orders/k1")).toHaveLength(2)
          await nodes.reach("running")
        },
        patienceMs,
      )

      test(
        "reads no more while it is paused, and reads on when it is resumed",
        async () => {
          await using driver = await start()
          await using nodes = await IngestNodes.start(engine, { ...driver.ingest, to: "/orders/{json.key}" })
          await nodes.reach("running")
          await nodes.api("ingest/orders/pause", "POST")
          // What was asked for before may still come.
          await Bun.sleep(300)
          await driver.produce(numbered(100))
          await Bun.sleep(500)
          const before = await nodes.published("/orders/k1")
          expect(before.length).toBeLessThan(20)
          await nodes.api("ingest/orders/resume", "POST")
          await atRest(driver, nodes)
          expect(await nodes.published("/orders/k1")).toHaveLength(20)
        },
        patienceMs,
      )

      if (engine === "redis")
        test(
          "waits for an engine that is away, holds no more than its bound, and sets nothing aside [I7]",
          async () => {
            await using driver = await start()
            await using nodes = await IngestNodes.start(
              engine,
              {
                ...driver.ingest,
                to: "/orders/{json.key}",
                inFlight: { messages: 20 },
              },
              { count: 1 },
            )
            await driver.produce(numbered(10))
            await atRest(driver, nodes)
            await nodes.redis?.kill()
            await driver.produce(numbered(500, 2))
            await eventually(async () => {
              const text = await metricsOf(nodes)
              expect(text).toMatch(/laba_ingest_state\{ingest="orders",state="(held|standby)"\} 1/)
            })
            const inFlight = Number(
              /laba_ingest_in_flight\{ingest="orders"\} (\d+)/.exec(await metricsOf(nodes))?.[1],
            )
            // A source may hand over a batch more than the bound.
            expect(inFlight).toBeLessThanOrEqual(40)
            await nodes.redis?.restart()
            await atRest(driver, nodes)
            const numbers = await nodes.published("/orders/k1")
            expect(numbers.map((data) => (data as { n: number }).n)).toEqual(
              Array.from({ length: 102 }, (_, n) => n),
            )
            expect(await nodes.published("/ingest/orders/dead")).toEqual([])
          },
          patienceMs,
        )
    })
  }
}

const metricsOf = async ({ nodes }: IngestNodes): Promise<string> =>
  (await fetch(`${nodes[0]?.base}/_/metrics`)).text()

/** Dead letters hold what others have written: nobody without a key reads them. */
async function expectPrivate({ nodes }: IngestNodes): Promise<void> {
  const response = await fetch(`${nodes[0]?.base}/ingest/orders/dead`)
  expect([401, 403]).toContain(response.status)
}
