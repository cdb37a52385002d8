import { expect, test } from "bun:test"
import { readdirSync, statSync } from "node:fs"
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

test("a file that is damaged, or empty as a full disk leaves one, is refused by its name", async () => {
  await using folder = await emptyFolder()
  const path = join(folder.path, "secrets.json")
  for (const text of ["", "{", "garbage"]) {
    await Bun.write(path, text)
    expect(() => secretsIn(folder.path, {})).toThrow(`${path} is damaged`)
  }
  for (const text of ["null", "1", "[]"]) {
    await Bun.write(path, text)
    expect(() => secretsIn(folder.path, {})).toThrow(`${path} has no secret for hooks`)
  }
})

test("what a desk keeps is for its own user alone, and nothing is left beside it", async () => {
  await using folder = await emptyFolder()
  const desk = join(folder.path, "desk")
  secretsIn(desk, {})
  expect(statSync(desk).mode & 0o777).toBe(0o700)
  expect(statSync(join(desk, "secrets.json")).mode & 0o777).toBe(0o600)
  expect(readdirSync(desk)).toEqual(["secrets.json"])
})
