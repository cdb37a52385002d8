// Every attack, on a server of its own: nothing was got, nobody else noticed, and the server kept its bounds.
import { describe, expect, test } from "bun:test"
import { attacks } from "./attacks.ts"
import { measure } from "./measure.ts"

describe("a server as for production, and who", () => {
  for (const attack of attacks) {
    test(
      attack.name,
      async () => {
        const { findings, othersHeard } = await measure(attack)
        expect(findings).toEqual([])
        expect(othersHeard).toBeGreaterThan(0)
      },
      120_000,
    )
  }
})
