import { expect, test } from "bun:test"
import { join } from "node:path"
import { emptyFolder } from "../../test/cli/laba.ts"
import { secretsIn } from "./secrets.ts"

test("secrets are made once, each of its own, and the environment goes before the file", async () => {
  await using folder = await emptyFolder()
  const made = secretsIn(folder.path, {})
  expect(new Set(Object.values(made)).size).toBe(4)
  expect(secretsIn(folder.path, { TAKEAWAY_KEY_SECRET: "given" })).toEqual({ ...made, key: "given" })
})

test("a file that lacks one, or has it empty, is refused, and it is said which", async () => {
  await using folder = await emptyFolder()
  const path = join(folder.path, "secrets.json")
  for (const cookies of [undefined, ""]) {
    await Bun.write(path, JSON.stringify({ hooks: "h", key: "k", tokens: "t", cookies }))
    expect(() => secretsIn(folder.path, {})).toThrow(`${path} has no secret for cookies`)
  }
})
