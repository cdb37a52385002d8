// Sources that one node reads at a time: a node that stood still, with a read under way, takes nothing from the one that followed it;
// and what was read can be read again.
import { expect, test } from "bun:test"
import type { NodeProcess } from "../cluster/node-process.ts"
import { eventually } from "../support/eventually.ts"
import type { SourceDriver, Written } from "./driver.ts"
import { mqttDriver } from "./drivers/mqtt.ts"
import { natsDriver } from "./drivers/nats.ts"
import { redisStreamDriver } from "./drivers/redis-stream.ts"
import { IngestNodes } from "./ingest-nodes.ts"
import { atRest } from "./storm.ts"

const numbered = (from: number, count: number): Written[] =>
  Array.from({ length: count }, (_, at) => {
    const n = from + at
    return { key: "k", id: `k-${n}`, body: JSON.stringify({ key: "k", n }) }
  })

const drivers: readonly (readonly [string, () => Promise<SourceDriver>])[] = [
  ["a Redis stream", redisStreamDriver],
  ["a stream of NATS JetStream", natsDriver],
  ["topics of an MQTT broker", mqttDriver],
]

const isReading = async ({ base }: NodeProcess): Promise<boolean> =>
  (await (await fetch(`${base}/_/metrics`)).text()).includes(
    'laba_ingest_state{ingest="orders",state="running"} 1',
  )

const publishedNumbers = async (nodes: IngestNodes): Promise<readonly number[]> =>
  (await nodes.published("/orders/k")).map((data) => (data as { n: number }).n)

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

for (const [kind, start] of drivers)
  test(`a node that stood still takes nothing of ${kind} from the one that followed it [I2]`, async () => {
    await using driver = await start()
    await using nodes = await IngestNodes.start("redis", { ...driver.ingest, to: "/orders/{json.key}" })
    await driver.produce(numbered(0, 50))
    await atRest(driver, nodes)
    // Requests go to the first.
    if (await isReading(nodes.nodes[0] as NodeProcess)) nodes.nodes.reverse()
    const [other, reader] = nodes.nodes as [NodeProcess, NodeProcess]
    expect(await isReading(reader)).toBe(true)
    reader.pause()
    await driver.produce(numbered(50, 50))
    await eventually(async () => expect(await isReading(other)).toBe(true))
    await driver.produce(numbered(100, 50))
    await eventually(async () => expect(await publishedNumbers(nodes)).toHaveLength(150))
    reader.resume()
    await driver.produce(numbered(150, 200))
    await eventually(async () => expect(await publishedNumbers(nodes)).toHaveLength(350))
    await atRest(driver, nodes)
    expect(await publishedNumbers(nodes)).toEqual(upTo(350))
  }, 120_000)

for (const [kind, start] of drivers.slice(0, 2))
  test(`${kind} is read again from its start, and everything published a second time`, async () => {
    await using driver = await start()
    await using nodes = await IngestNodes.start("redis", { ...driver.ingest, to: "/orders/{json.key}" })
    await driver.produce(numbered(0, 300))
    await atRest(driver, nodes)
    await nodes.api("ingest/orders/replay?from=start", "POST")
    await eventually(async () => expect(await publishedNumbers(nodes)).toHaveLength(600))
    await driver.produce(numbered(300, 50))
    await atRest(driver, nodes)
    expect(await publishedNumbers(nodes)).toEqual([...upTo(300), ...upTo(350)])
  }, 120_000)
