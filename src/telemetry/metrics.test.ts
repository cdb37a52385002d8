import { expect, test } from "bun:test"
import { readFile } from "node:fs/promises"
import { Counters } from "./counters.ts"
import { LoopLag } from "./loop-lag.ts"
import { Metrics, type MetricSources } from "./metrics.ts"

function metricsOf(changes: Partial<MetricSources> = {}): Metrics {
  return new Metrics({
    version: "1.2.3",
    counters: new Counters(),
    lag: new LoopLag({ manual: true }),
    connections: () => ({ open: { sse: { raw: 3 } }, opened: { sse: { raw: 5 } } }),
    heldPolls: () => 4,
    connectsDelayed: () => 6,
    listenedChannels: () => 2,
    ringBytes: () => 4096,
    unacknowledged: { messages: { used: 3 }, bytes: { used: 300 } },
    users: () => 1,
    nodes: () => 1,
    clockOffsetMs: () => -1500,
    engine: () => ({ historyBytes: 1000, idempotencyKeys: 7, channels: 9 }),
    hooks: () => ({ pending: 0, away: 0 }),
    ingests: () => [
      {
        ...{ name: "orders", state: "running", lag: 12, inFlight: 3, inFlightBytes: 600 },
        ...{ published: 5, duplicates: 1, passedOver: 2, deadLetters: 4 },
      },
    ],
    ready: () => true,
    residentBytes: () => 123,
    descriptorsMax: 65536,
    ...changes,
  })
}

test("is read from the counters when it is asked for", async () => {
  const counters = new Counters()
  const metrics = metricsOf({ counters })
  expect(await metrics.text()).toContain("\nlaba_messages_total 0\n")
  counters.published += 2
  counters.countReset("trimmed")
  counters.countRefusedPublish("too_large")
  counters.countRefusedPublish("too_large")
  for (let scrape = 0; scrape < 2; scrape++) {
    const text = await metrics.text()
    expect(text).toContain("\nlaba_messages_total 2\n")
    expect(text).toContain('\nlaba_resets_total{reason="trimmed"} 1\n')
    expect(text).toContain('\nlaba_resets_total{reason="epoch"} 0\n')
    expect(text).toContain('\nlaba_publishes_refused_total{code="too_large"} 2\n')
    expect(text).toContain('\nlaba_connections{transport="sse",protocol="raw"} 3\n')
    expect(text).toContain('\nlaba_connections_opened_total{transport="sse",protocol="raw"} 5\n')
    expect(text).toContain('\nlaba_info{version="1.2.3"} 1\n')
  }
})

test("says nothing of what an engine cannot know, instead of zero", async () => {
  const text = await metricsOf({ engine: () => ({}), descriptorsMax: null }).text()
  expect(text).not.toMatch(/^laba_history_bytes /m)
  expect(text).not.toMatch(/^laba_file_descriptors_max /m)
})

test("two nodes in one process have each their own", async () => {
  const first = metricsOf({ heldPolls: () => 1 })
  const second = metricsOf({ heldPolls: () => 2 })
  expect(await first.text()).toContain("\nlaba_polls_held 1\n")
  expect(await second.text()).toContain("\nlaba_polls_held 2\n")
})

test("every metric is in the guide, and the guide names no other", async () => {
  const text = await metricsOf().text()
  const shown = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`)
  const guide = await readFile(new URL("../../docs/guide/operation.md", import.meta.url), "utf8")
  const named = [...guide.matchAll(/^\| `(laba_\w+)`[^|]* \| (\w+) \|/gm)].map(
    ([, name, type]) => `${name} ${type}`,
  )
  expect(named.toSorted()).toEqual(shown.toSorted())
})
