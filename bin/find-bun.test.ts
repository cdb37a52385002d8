// Where the launcher looks for Bun, in which order, and what it says when there is none.
import { afterAll, expect, test } from "bun:test"
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { findBun, packagesFor, pinnedVersion } from "./find-bun.mjs"

const folder = mkdtempSync(join(tmpdir(), "laba-find-bun-"))
afterAll(() => rmSync(folder, { recursive: true }))

let projects = 0
const machine = { platform: "linux", arch: "x64", musl: false } as const
const nothing = { env: { PATH: "" }, machine }

/** A project that has these packages installed, each with its version and the file that would be Bun. */
function project(packages: Record<string, { version: string; file: string }>) {
  const root = join(folder, String(projects++))
  for (const [name, { version, file }] of Object.entries(packages)) {
    const home = join(root, "node_modules", name)
    mkdirSync(join(home, "bin"), { recursive: true })
    writeFileSync(join(home, "package.json"), JSON.stringify({ name, version }))
    sayingVersion(join(home, "bin", file), version)
  }
  return { root, require: createRequire(join(root, "laba.mjs")) }
}

/** A program that says it is this version of Bun. */
function sayingVersion(path: string, version: string): void {
  writeFileSync(path, `#!/bin/sh\necho ${version}\n`)
  chmodSync(path, 0o755)
}

test("takes the binary that npm unpacked for this machine", () => {
  const { root, require } = project({
    "@oven/bun-linux-x64": { version: pinnedVersion, file: "bun" },
    "@oven/bun-linux-x64-musl": { version: pinnedVersion, file: "bun" },
  })
  expect(findBun({ ...nothing, require })).toBe(join(root, "node_modules/@oven/bun-linux-x64/bin/bun"))
  const musl = { ...machine, musl: true }
  expect(findBun({ ...nothing, require, machine: musl })).toBe(
    join(root, "node_modules/@oven/bun-linux-x64-musl/bin/bun"),
  )
})

test("passes over a Bun of another version", () => {
  const { root, require } = project({
    "@oven/bun-linux-x64": { version: "1.0.0", file: "bun" },
    bun: { version: pinnedVersion, file: "bun.exe" },
  })
  expect(findBun({ ...nothing, require })).toBe(join(root, "node_modules/bun/bin/bun.exe"))
})

test("passes over the stub that the package bun leaves when its install script may not run", () => {
  const { root, require } = project({ bun: { version: pinnedVersion, file: "bun.exe" } })
  writeFileSync(join(root, "node_modules/bun/bin/bun.exe"), "#!/bin/sh\necho 'not run' >&2\nexit 1\n")
  expect(() => findBun({ ...nothing, require })).toThrow("is not installed here")
})

test("takes a Bun from PATH only when it is exactly the pinned version", () => {
  const { root, require } = project({})
  for (const [name, version] of [
    ["old", "1.0.0"],
    ["same", pinnedVersion],
  ] as const) {
    mkdirSync(join(root, name), { recursive: true })
    sayingVersion(join(root, name, "bun"), version)
  }
  const find = (PATH: string) => findBun({ env: { PATH }, machine, require })
  expect(() => find(join(root, "old"))).toThrow("is not installed here")
  expect(find(`${join(root, "old")}:${join(root, "same")}`)).toBe(join(root, "same", "bun"))
})

test("takes what LABA_BUN names, whatever it is, and says when it is not there", () => {
  const { root, require } = project({ "@oven/bun-linux-x64": { version: pinnedVersion, file: "bun" } })
  const mine = join(root, "my-bun")
  expect(() => findBun({ env: { LABA_BUN: mine }, machine, require })).toThrow(`LABA_BUN names ${mine}`)
  sayingVersion(mine, "9.9.9")
  expect(findBun({ env: { LABA_BUN: mine }, machine, require })).toBe(mine)
})

test("says what to do when Bun is not installed", () => {
  const { require } = project({})
  expect(() => findBun({ ...nothing, require })).toThrow(/@oven\/bun-linux-x64, .*npm install.*LABA_BUN=/s)
})

test("says so where Bun does not run at all", () => {
  const { require } = project({})
  const aix = { platform: "aix", arch: "ppc64", musl: false } as const
  expect(() => findBun({ ...nothing, require, machine: aix })).toThrow("there is no Bun for aix on ppc64")
})

test("every package that it may look for is an optional dependency of ours", async () => {
  const manifest = await Bun.file(join(import.meta.dir, "../package.json")).json()
  const machines = ["darwin", "linux", "freebsd", "win32"].flatMap((platform) =>
    ["x64", "arm64"].map((arch) => ({ platform, arch, musl: false })),
  )
  const names = machines.flatMap((each) => packagesFor(each)).sort()
  expect(names).toEqual(Object.keys(manifest.optionalDependencies).sort())
})
