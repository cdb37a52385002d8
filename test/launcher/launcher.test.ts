// The Node launcher: the process it starts must hear, and end, as if it had been started directly.
import { expect, test } from "bun:test"
import { join } from "node:path"
import { copies, sameWishMs } from "../../bin/run-bun.mjs"
import { Launched } from "./launched.ts"

const runner = join(import.meta.dir, "../../bin/bun.mjs")
const saysSignals = join(import.meta.dir, "says-signals.ts")

const underNpm = `node "${runner}" "${saysSignals}"`

const evaluate = (code: string) => Bun.spawnSync(["node", runner, "--eval", code])

test("ends with the exit code that Bun ended with", () => {
  expect(evaluate("process.exit(0)").exitCode).toBe(0)
  expect(evaluate("process.exit(42)").exitCode).toBe(42)
})

test("dies by the signal that Bun died by", () => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGKILL", "SIGABRT"] as const) {
    expect(evaluate(`process.kill(process.pid, "${signal}")`).signalCode).toBe(signal)
  }
})

test("passes on signals, in order", async () => {
  await using launched = new Launched(["node", runner, saysSignals], { terminal: false })
  await launched.until(/<ready/)
  launched.child.kill("SIGINT")
  await launched.until(/<SIGINT>/)
  launched.child.kill("SIGTERM")
  expect(await launched.child.exited).toBe(7)
  expect(launched.signals).toEqual(["SIGINT", "SIGTERM"])
})

test("passes on that the terminal hung up", async () => {
  await using launched = new Launched(["node", runner, saysSignals], { terminal: true })
  const pid = Number((await launched.until(/<ready (\d+)>/))[1])
  launched.hangUp()
  await gone(pid)
})

test("makes one signal of each Ctrl-C, which reaches everybody and which npm repeats", async () => {
  // bash makes way for the program, as /bin/sh does on most systems, and so npm's copy reaches the launcher.
  const command = ["npm", "exec", "--offline", "--script-shell", "bash", "--call", underNpm]
  await using launched = new Launched(command, { terminal: true })
  const pid = Number((await launched.until(/<ready (\d+)>/))[1])
  for (let presses = 1; presses <= 3; presses++) {
    launched.pressCtrlC()
    await launched.until(new RegExp(`(<SIGINT>[^]*){${presses}}`))
    // By then all copies of it have come, and what comes is another wish.
    await Bun.sleep(2 * sameWishMs)
    expect(launched.signals).toHaveLength(presses)
  }
  launched.hangUp()
  await gone(pid)
})

test("passes on a SIGTERM that was meant for npm, though npm's shell does not", async () => {
  await using launched = new Launched(["npm", "exec", "--offline", "--call", underNpm], { terminal: false })
  const pid = Number((await launched.until(/<ready (\d+)>/))[1])
  launched.child.kill("SIGTERM")
  await launched.until(/<SIGTERM>/)
  await gone(pid)
  expect(launched.signals).toEqual(["SIGTERM"])
})

test("takes the same signal for another wish only after a while", () => {
  let now = 1000
  const isCopy = copies(() => now)
  expect(isCopy("SIGINT")).toBe(false)
  now += sameWishMs - 1
  expect(isCopy("SIGINT")).toBe(true)
  expect(isCopy("SIGTERM")).toBe(false)
  now += 1
  expect(isCopy("SIGINT")).toBe(false)
})

test("leaves no Bun behind when it is killed itself", async () => {
  await using launched = new Launched(["node", runner, saysSignals], { terminal: false })
  const pid = Number((await launched.until(/<ready (\d+)>/))[1])
  expect(isRunning(pid)).toBe(true)
  launched.child.kill("SIGKILL")
  await gone(pid)
})

/** Waits until a process has ended; the deadline of the test guards the wait. */
async function gone(pid: number): Promise<void> {
  while (isRunning(pid)) await Bun.sleep(10)
}

function isRunning(pid: number): boolean {
  const state = Bun.spawnSync(["ps", "-o", "stat=", "-p", String(pid)])
    .stdout.toString()
    .trim()
  // A zombie has ended; only its parent, which may be gone too, has not asked how.
  return state !== "" && !state.startsWith("Z")
}
