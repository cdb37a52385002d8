// Finds the Bun binary that Laba is pinned to. npm installs the right one for this machine as an optional dependency
// and runs no script for it, so it is there under `--ignore-scripts` and under npm 12 too. Runs on any Node from 20 up.
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { delimiter, dirname, join } from "node:path"

const here = createRequire(import.meta.url)

const laba = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"))

/** Why no Bun could be found, in words for the person at the terminal. */
export class BunNotFound extends Error {
  name = "BunNotFound"
}

/**
 * The names of the packages that may hold Bun for a machine, best first; empty when Bun does not run there.
 * On Linux both C libraries are named, because some package managers install both and some neither asks nor tells.
 */
export function packagesFor({ platform, arch, musl }) {
  const os = { darwin: "darwin", linux: "linux", freebsd: "freebsd", win32: "windows" }[platform]
  const cpu = { x64: "x64", arm64: "aarch64" }[arch]
  if (!os || !cpu) return []
  const name = `@oven/bun-${os}-${cpu}`
  if (os !== "linux") return [name]
  return musl ? [`${name}-musl`, name] : [name, `${name}-musl`]
}

/** The version that every `@oven/bun-*` of our package.json is pinned to. */
export const pinnedVersion = Object.values(laba.optionalDependencies)[0]

/** The path of the Bun to run. Throws `BunNotFound` with what to do about it. */
export function findBun({ env = process.env, machine = thisMachine(), require = here } = {}) {
  if (env.LABA_BUN) {
    if (existsSync(env.LABA_BUN)) return env.LABA_BUN
    throw new BunNotFound(`LABA_BUN names ${env.LABA_BUN}, which does not exist.`)
  }
  const names = packagesFor(machine)
  const file = machine.platform === "win32" ? "bun.exe" : "bun"
  for (const name of names) {
    const found = packaged(require, name, file)
    if (found) return found
  }
  // The package `bun` moves the binary out of `@oven/bun-*` into its own folder, when its install script may run.
  return packaged(require, "bun", "bun.exe") ?? onPath(env, file) ?? fail(machine, names)
}

function packaged(require, name, file) {
  let manifest
  try {
    manifest = require.resolve(`${name}/package.json`)
  } catch {
    return null
  }
  const path = join(dirname(manifest), "bin", file)
  if (require(manifest).version !== pinnedVersion || !existsSync(path)) return null
  // Without its install script the package `bun` holds a stub of this name that only prints an error.
  return name === "bun" && versionOf(path) !== pinnedVersion ? null : path
}

function onPath(env, file) {
  for (const folder of (env.PATH ?? "").split(delimiter)) {
    const path = join(folder, file)
    if (folder && existsSync(path) && versionOf(path) === pinnedVersion) return path
  }
  return null
}

function versionOf(path) {
  try {
    return execFileSync(path, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim()
  } catch {
    return null
  }
}

function thisMachine() {
  const { platform, arch } = process
  return { platform, arch, musl: platform === "linux" && usesMusl() }
}

function usesMusl() {
  // The report would resolve the names of all open sockets' peers, which can take seconds.
  process.report.excludeNetwork = true
  return !process.report.getReport().header.glibcVersionRuntime
}

function fail({ platform, arch }, names) {
  if (names.length === 0) {
    throw new BunNotFound(
      `Laba runs on Bun, and there is no Bun for ${platform} on ${arch}.\n` +
        `If you have built one yourself, name it: LABA_BUN=/path/to/bun`,
    )
  }
  throw new BunNotFound(
    `Laba runs on Bun ${pinnedVersion}, and it is not installed here (looked for ${names.join(", ")}).\n` +
      `npm installs it as an optional dependency. Run "npm install" again, without "--omit=optional" and on the\n` +
      `machine that will run Laba: a node_modules folder copied from another system holds another system's Bun.\n` +
      `Or name a Bun that you have: LABA_BUN=/path/to/bun`,
  )
}
