import { expect, test } from "bun:test"
import { KeyedMutex } from "./keyed-mutex.ts"

test("what is about one name comes in turn, also after a failure, and what is about another does not wait", async () => {
  const mutex = new KeyedMutex()
  const done: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = mutex.runExclusive("a", async () => {
    await gate.promise
    done.push("first")
    throw new Error("broken")
  })
  const second = mutex.runExclusive("a", () => done.push("second"))
  await mutex.runExclusive("b", () => done.push("other"))
  gate.resolve()
  expect(await first.catch(String)).toBe("Error: broken")
  await second
  expect(done).toEqual(["other", "first", "second"])
})
