// Messages through an ingest while everything is killed: what is written is what is published, once, in each key's order.
import type { EngineName } from "./ingest-nodes.ts"
import { IngestNodes } from "./ingest-nodes.ts"
import type { SourceDriver, Written } from "./driver.ts"

interface StormOptions {
  readonly engine: EngineName
  readonly messages: number
  /** Between 0 and 1. */
  readonly random: () => number
  readonly log?: (line: string) => void
}

interface StormResult {
  readonly written: number
  readonly published: number
  readonly lost: number
  readonly twice: number
  readonly outOfOrder: number
  readonly faults: readonly string[]
  readonly seconds: number
}

const keys = 20
const batch = 50

/** Between two batches, so that they are written while things are killed. */
const pauseMsMax = 250

/** How long everything may take to come to rest after the last fault. */
const restMs = 120_000

export async function storm(driver: SourceDriver, options: StormOptions): Promise<StormResult> {
  const { engine, messages, random, log = () => {} } = options
  const began = performance.now()
  const faults: string[] = []
  await using nodes = await IngestNodes.start(engine, {
    ...driver.ingest,
    to: "/orders/{json.key}",
    inFlight: { messages: 200 },
  })
  await nodes.reach("running")
  const fault = async (): Promise<void> => {
    const kinds = [
      "node",
      "broker",
      "leave",
      ...(driver.rebalance ? ["rebalance"] : []),
      ...(nodes.redis ? ["engine"] : []),
    ]
    const kind = kinds[Math.floor(random() * kinds.length)] as string
    faults.push(kind)
    log(kind)
    const awayMs = random() * 500
    if (kind === "node") {
      await nodes.kill(Math.floor(random() * nodes.nodes.length))
      await nodes.add()
    } else if (kind === "leave") {
      await nodes.leave(Math.floor(random() * nodes.nodes.length))
      await nodes.add()
    } else if (kind === "broker") {
      await driver.kill()
      await Bun.sleep(awayMs)
      await driver.restart()
    } else if (kind === "engine") {
      await nodes.redis?.kill()
      await Bun.sleep(awayMs)
      await nodes.redis?.restart()
    } else await driver.rebalance?.()
  }
  const next = new Map<string, number>()
  const writeAll = async (): Promise<void> => {
    for (let written = 0; written < messages; written += batch) {
      const some: Written[] = []
      for (let at = written; at < Math.min(messages, written + batch); at++) {
        const key = `k${Math.floor(random() * keys)}`
        const n = next.get(key) ?? 0
        next.set(key, n + 1)
        some.push({ key, id: `${key}-${n}`, body: JSON.stringify({ key, n }) })
      }
      await driver.produce(some)
      await Bun.sleep(random() * pauseMsMax)
    }
  }
  let isWriting = true
  const writing = writeAll().finally(() => {
    isWriting = false
  })
  while (isWriting) {
    await Promise.race([writing, Bun.sleep(300 + random() * 1500)])
    if (isWriting || faults.length < 3) await fault()
  }
  await writing
  await atRest(driver, nodes)
  let [published, lost, twice, outOfOrder] = [0, 0, 0, 0]
  for (const [key, count] of next) {
    const numbers = (await nodes.published(`/orders/${key}`)).map((data) => (data as { n: number }).n)
    published += numbers.length
    const known = new Set(numbers)
    for (let n = 0; n < count; n++) if (!known.has(n)) lost++
    twice += numbers.length - known.size
    outOfOrder += numbers.filter((n, at) => at > 0 && n < (numbers[at - 1] as number)).length
  }
  const seconds = Math.round((performance.now() - began) / 100) / 10
  return { written: messages, published, lost, twice, outOfOrder, faults, seconds }
}

/** Resolves when the broker has nothing left that is not acknowledged. */
export async function atRest(driver: SourceDriver, nodes: IngestNodes): Promise<void> {
  const deadline = performance.now() + restMs
  for (let quiet = 0; quiet < 3;) {
    const left = await driver.unacknowledged().catch(() => Infinity)
    quiet = left === 0 ? quiet + 1 : 0
    if (performance.now() > deadline) {
      const reports = await nodes.reports().catch(String)
      throw new Error(`${left} messages are not acknowledged: ${JSON.stringify(reports)}`)
    }
    await Bun.sleep(100)
  }
}
