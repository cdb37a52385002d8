// Runs Bun in the place of this Node process: same terminal, same signals, same end.
import { spawn } from "node:child_process"
import { constants } from "node:os"
import { BunNotFound, findBun, packagesFor, pinnedVersion } from "./find-bun.mjs"

/** How soon a lost parent is noticed. Reading one's parent is a system call of under a microsecond. */
const parentCheckMs = 250

/**
 * Else the engine throws compiled code away some 20 to 60 seconds after it was made, in use or not, and a server that was
 * quiet meets the next crowd with code that is compiled anew (docs/decisions/0012).
 */
const keepsCode = { BUN_JSC_forceCodeBlockLiveness: "1" }

const passedOn = ["SIGTERM", "SIGINT", "SIGHUP"]

/**
 * Starts Bun with these arguments and ends this process the way Bun ends: with its exit code, or by its signal.
 *
 * Ctrl-C in a terminal signals every process of the foreground group, and npm sends its own copy on top. Laba takes
 * a first signal as "stop gracefully" and a second as "stop now", so copies would turn the one into the other.
 * Therefore Bun runs in a session of its own, hears only what is passed on here, and copies are dropped.
 */
export function runBun(args) {
  const windows = process.platform === "win32"
  // In its own session Bun would outlive a launcher that is killed with SIGKILL; --no-orphans ends it.
  const env = { ...keepsCode, ...process.env }
  const child = spawn(bunOrExit(), ["--no-orphans", ...args], { env, stdio: "inherit", detached: !windows })
  const isCopy = copies(() => performance.now())
  let told = false
  const tell = (signal) => {
    if (isCopy(signal)) return
    told = true
    // On Windows a console's Ctrl-C has reached Bun already, and to pass a signal on would be to kill it.
    if (!windows) child.kill(signal)
  }
  for (const signal of passedOn) process.on(signal, tell)
  if (startedByNpm()) whenOrphaned(() => told || tell("SIGTERM"))
  child.on("error", (error) => {
    console.error(`laba: Bun could not be started: ${error.message}`)
    process.exit(1)
  })
  child.on("exit", (code, signal) => end(code, signal))
}

function startedByNpm() {
  return process.env.npm_lifecycle_event !== undefined && process.platform !== "win32"
}

/**
 * npm starts us through a shell. A SIGTERM for npm ends npm and the shell, and where the shell is dash it reaches
 * nobody else: the server would stay, and keep its port. That our parent is gone is all we can see of it.
 */
function whenOrphaned(react) {
  const parent = process.ppid
  const clock = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(clock)
    react()
  }, parentCheckMs)
  clock.unref()
}

/** The path of the Bun to run; without one, says so in plain words and ends this process. */
export function bunOrExit() {
  try {
    return findBun()
  } catch (error) {
    if (!(error instanceof BunNotFound)) throw error
    console.error(`laba: ${error.message}`)
    return process.exit(1)
  }
}

function end(code, signal) {
  if (!signal) process.exit(code)
  if (signal === "SIGILL" && process.arch === "x64") {
    const baseline = `${packagesFor(process)[0]}-baseline`
    console.error(
      "laba: Bun met an instruction that this processor lacks, most likely AVX2. There is a build without it:\n" +
        `  npm install ${baseline}@${pinnedVersion}\n` +
        `and then start Laba with LABA_BUN=node_modules/${baseline}/bin/bun`,
    )
  }
  // Whoever waits for us must see the same end as if Bun had been started directly.
  for (const name of passedOn) process.removeAllListeners(name)
  process.kill(process.pid, signal)
  // Not reached, except after a signal that Node ignores, such as SIGPIPE: then the shell's way of saying it.
  process.exit(128 + constants.signals[signal])
}

/** Two of the same signal within this time are one wish. A hand on Ctrl-C is slower than this between two presses. */
export const sameWishMs = 500

/** Tells whether a signal repeats one that came just before. */
export function copies(nowMs) {
  const wishedMs = new Map()
  return (signal) => {
    const now = nowMs()
    const isCopy = now - (wishedMs.get(signal) ?? -Infinity) < sameWishMs
    if (!isCopy) wishedMs.set(signal, now)
    return isCopy
  }
}
