import { expect, test } from "bun:test"
import { Turns } from "./turns.ts"

test("what is about one name comes in turn, also after a failure, and what is about another does not wait", async () => {
  const turns = new Turns()
  const done: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = turns.take("a", async () => {
    await gate.promise
    done.push("first")
    throw new Error("broken")
  })
  const second = turns.take("a", () => done.push("second"))
  await turns.take("b", () => done.push("other"))
  gate.resolve()
  expect(await first.catch(String)).toBe("Error: broken")
  await second
  expect(done).toEqual(["other", "first", "second"])
})
