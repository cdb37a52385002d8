import { expect, test } from "bun:test"
import type { SourceMessage } from "../../src/ingest/source.ts"
import { positionAt, ScriptedBroker, type ScriptedSource, type WrittenMessage } from "./scripted-source.ts"

const numbered = (count: number): WrittenMessage[] =>
  Array.from({ length: count }, (_, index) => ({ body: `${index}` }))

/** Opens a source and keeps what it hands over. */
async function open(broker: ScriptedBroker) {
  const taken: SourceMessage[] = []
  const source = (await broker.kind().open(
    {},
    {
      async take(messages) {
        taken.push(...messages)
      },
      release: async () => {},
      running() {},
      trouble() {},
    },
    { name: "orders", clientId: "laba-orders-1", node: null, inFlight: { messages: 10, bytes: 1000 } },
  )) as ScriptedSource
  return { source, taken }
}

test("a scripted source hands over each partition in order, and again what was not settled when it is opened anew", async () => {
  const broker = new ScriptedBroker()
  broker.write("a", ...numbered(25))
  const first = await open(broker)
  await Bun.sleep(1)
  expect(first.taken.map(({ position }) => position)).toEqual(numbered(25).map((_, at) => positionAt(at)))
  first.source.settle(first.taken.slice(0, 20))
  await first.source.close()
  const second = await open(broker)
  await Bun.sleep(1)
  expect(second.taken.map(({ position }) => position)).toEqual([20, 21, 22, 23, 24].map(positionAt))
  expect(first.source.faults).toEqual([])
})

test("a scripted source notices what is settled out of order, and what is settled twice", async () => {
  const broker = new ScriptedBroker()
  broker.write("a", ...numbered(3))
  const { source, taken } = await open(broker)
  await Bun.sleep(1)
  source.settle(taken.slice(1, 2))
  source.settle(taken.slice(0, 1))
  expect(source.faults).toHaveLength(2)
})
