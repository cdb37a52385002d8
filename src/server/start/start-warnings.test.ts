import { describe, expect, test } from "bun:test"
import { defaultLimits } from "../../../wire/limits.ts"
import { type MachineFacts, readMachine, startWarnings } from "./start-warnings.ts"

const well: MachineFacts = {
  descriptorsMax: 1_048_576,
  backlogMax: 4096,
  sendBufferBytesMax: 4_194_304,
  notSentBytesMax: 131_072,
  trackedMax: null,
}

const namesOf = (changes: Partial<MachineFacts>): string[] =>
  startWarnings({ ...well, ...changes }, defaultLimits).map(({ name }) => name)

describe("a machine", () => {
  test("that is set up well is warned of nothing, nor is one of which nothing is known", () => {
    expect(namesOf({})).toEqual([])
    const unknown = {
      descriptorsMax: null,
      backlogMax: null,
      sendBufferBytesMax: null,
      notSentBytesMax: null,
    }
    expect(namesOf(unknown)).toEqual([])
  })

  test("is warned of each thing that will hurt", () => {
    expect(namesOf({ descriptorsMax: 1024 })).toEqual(["descriptors"])
    expect(namesOf({ backlogMax: 128 })).toEqual(["backlog"])
    expect(namesOf({ notSentBytesMax: 4_294_967_295 })).toEqual(["send-buffers"])
    expect(namesOf({ trackedMax: 65_536 })).toEqual(["connection-tracking"])
  })

  test("with small send buffers needs no other bound", () => {
    expect(namesOf({ notSentBytesMax: 4_294_967_295, sendBufferBytesMax: 262_144 })).toEqual([])
  })

  test("is told numbers and what to do", () => {
    const [warning] = startWarnings(
      { ...well, descriptorsMax: 1024 },
      { connectionsMax: 5000, pollsWaitingMax: 300 },
    )
    expect(warning?.what).toContain("1024")
    expect(warning?.what).toContain("5500")
    expect(warning?.remedy).toContain("LimitNOFILE=5500")
  })
})

test.skipIf(process.platform !== "linux")("this machine tells what it is asked", async () => {
  const facts = await readMachine()
  expect(facts.descriptorsMax).toBeGreaterThan(0)
  expect(facts.backlogMax).toBeGreaterThan(0)
  expect(facts.sendBufferBytesMax).toBeGreaterThan(0)
})
