// What is told of an ingest: each trouble by a name of its own.
import { expect, test } from "bun:test"
import { LabaError } from "../../wire/error.ts"
import { IngestRecord } from "./ingest-record.ts"

function recorded() {
  const told: string[] = []
  const record = new IngestRecord({
    name: "orders",
    source: "kafka orders",
    clock: { now: () => 0, monotonic: () => 0 },
    events: {
      ingestRunning: () => void told.push("running"),
      ingestAway: () => void told.push("away"),
      ingestHeld: () => void told.push("held"),
      ingestDeadLettersRefused: () => void told.push("dead letters refused"),
      ingestLeaseUnknown: () => void told.push("lease unknown"),
      ingestSetAside: () => void told.push("set aside"),
      ingestSetAsideFailed: () => void told.push("set aside failed"),
    },
  })
  return { record, told }
}

test("a source that takes no dead letter is not told of as one that is away: it reads", () => {
  const { record, told } = recorded()
  record.sourceRuns()
  record.sourceTakesNoDeadLetter(new Error("the topic is gone"))
  record.sourceTakesNoDeadLetter(new Error("the topic is gone"))
  expect([told, record.state]).toEqual([["running", "dead letters refused"], "running"])
})

test("a lease that is unknown is not told of as an engine that takes nothing", () => {
  const { record, told } = recorded()
  record.leaseUnknown(new LabaError("engine_unavailable", "Redis is away."))
  expect([told, record.error?.says]).toEqual([
    ["lease unknown"],
    "It is not known which node reads: Redis is away.",
  ])
})
