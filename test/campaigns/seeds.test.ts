// What an unattended campaign says of runs that end otherwise than by a verdict.
import { expect, test } from "bun:test"
import { PeerError } from "../support/peer-error.ts"
import { exitOf, runSeeds } from "./seeds.ts"

const clean = { report: { findings: [] }, findings: [] }

async function campaign(run: (seed: number) => Promise<typeof clean>, minutes = 1) {
  const lines: object[] = []
  const summary = await runSeeds({
    seeds: [1, 2, 3],
    run,
    minutes,
    runMinutesMax: 0.001,
    print: (line) => void lines.push(line),
  })
  return { lines, summary, exit: exitOf(summary) }
}

test("a peer that fails is given another chance, and is no finding", async () => {
  let starts = 0
  const once = await campaign(async (seed) => {
    if (seed === 2 && starts++ === 0) throw new PeerError("waited too long for the Sentinels")
    return clean
  })
  expect(once.summary).toMatchObject({ tried: 3, untried: [], findings: 0, left: 0 })
  const twice = await campaign(async (seed) => {
    if (seed === 2) throw new PeerError("waited too long for the Sentinels")
    return clean
  })
  expect(twice.summary).toMatchObject({ tried: 2, untried: [2], findings: 0, left: 0 })
  expect(twice.lines[1]).toEqual({ seed: 2, untried: "waited too long for the Sentinels" })
  expect(twice.exit).toBe(0)
})

test("an error of our own is a finding of its seed, and the others are tried", async () => {
  const { summary, lines, exit } = await campaign(async (seed) => {
    if (seed === 1) throw new Error("oh no")
    return clean
  })
  expect(summary).toMatchObject({ tried: 3, findings: 1 })
  expect(JSON.stringify(lines[0])).toContain("oh no")
  expect(exit).toBe(1)
})

test("a run that hangs is a finding, and the last", async () => {
  const { summary, exit } = await campaign((seed) =>
    seed === 2 ? new Promise<never>(() => {}) : Promise.resolve(clean),
  )
  expect(summary).toMatchObject({ tried: 2, findings: 1, left: 1 })
  expect(exit).toBe(1)
})

test("no seed is begun when the time is over, and nothing tried is nothing shown", async () => {
  const { summary, exit } = await campaign(async () => clean, 0)
  expect(summary).toMatchObject({ tried: 0, left: 3 })
  expect(exit).toBe(1)
})
