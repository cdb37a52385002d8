import { expect, test } from "bun:test"
import { seed } from "../support/seed.ts"
import { runListenerLives } from "./listener-lives/run.ts"

// LABA_SEED repeats a run. `npm run campaign -- listener-lives` lives ten thousand.
test("listeners of every kind hear all they must, in order and once, and leave nothing behind", async () => {
  const { broken } = await runListenerLives({ runs: 300, seed })
  expect(broken).toEqual([])
}, 60_000)
