// The fuzzer for some seconds in every run of the tests: all that ever broke something, then new inputs. LABA_SEED repeats a
// run whose seed was printed. docs/guide/testing.md tells how to look for longer.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { seed } from "../support/seed.ts"
import { campaign, replay } from "./campaign.ts"
import type { AnyTarget } from "./target.ts"
import { targets } from "./targets.ts"
import { Victim } from "./victim.ts"

const seconds = { parser: 0.35, server: 3 } as const
// A server that gives nothing back is told of after forty seconds.
const timeoutMs = 90_000

console.log(`fuzzing with the seed ${seed}; LABA_SEED=${seed} repeats it`)

function finds(target: AnyTarget, victim: () => Victim | null): void {
  test(
    `finds nothing in ${target.name}`,
    async () => {
      expect(await replay(target, victim())).toEqual([])
      const { executions, findings } = await campaign(target, victim(), {
        seed,
        seconds: seconds[target.kind],
      })
      expect(findings).toEqual([])
      expect(executions).toBeGreaterThan(0)
    },
    timeoutMs,
  )
}

describe(`the fuzzer, seed ${seed}`, () => {
  for (const target of targets.filter(({ kind }) => kind === "parser")) finds(target, () => null)

  describe("against a server", () => {
    let victim: Victim
    beforeAll(async () => {
      victim = await Victim.start()
    }, timeoutMs)
    afterAll(() => victim[Symbol.asyncDispose]())

    for (const target of targets.filter(({ kind }) => kind === "server")) finds(target, () => victim)

    test(
      "leaves no descriptor, no connection and no more memory behind than the budgets",
      async () => {
        expect(await victim.leftover()).toBeNull()
      },
      timeoutMs,
    )
  })
})
