// Runs one attack on a server of its own while others are served, and says what it did to them.
import type { Attack, Measured } from "./attack.ts"
import { usualBounds } from "./attack.ts"
import { AttackedServer } from "./attacked-server.ts"

/** How often the others publish. */
const othersIntervalMs = 50

/** Garbage of the attack's last moments is no memory that is kept; it is collected within this time. */
const collectedMsMax = 5000

export async function measure(attack: Attack): Promise<Measured> {
  await using server = await AttackedServer.start(attack.config)
  // What is made once, at the first request of a kind, is not the attack's.
  await server.metric("laba_loop_lag_max_seconds")
  const before = { memoryBytes: server.memoryBytes, cpuMs: server.cpuMs, heard: server.othersHeard }
  const findings: string[] = []
  let isOver = false
  const others = (async () => {
    while (!isOver) {
      await server.serveOthers()
      await Bun.sleep(othersIntervalMs)
    }
  })().catch((error) => void findings.push(`others were not served: ${String(error)}`))
  try {
    findings.push(...(await attack.run(server)))
  } catch (error) {
    findings.push(`the attack failed by itself: ${String(error)}`)
  }
  isOver = true
  await others
  const { heldMsMax, grownBytesMax } = { ...usualBounds, ...attack.bounds }
  const grownBytes = await keptBytes(() => server.memoryBytes - before.memoryBytes, grownBytesMax)
  const heldMs = Math.round((await server.metric("laba_loop_lag_max_seconds")) * 1000)
  if (heldMs > heldMsMax) findings.push(`held the loop for ${heldMs} ms`)
  if (grownBytes > grownBytesMax) findings.push(`memory grew by ${Math.round(grownBytes / 2 ** 20)} MB`)
  return {
    attack: attack.name,
    heldMs,
    grownBytes,
    cpuMs: Math.round(server.cpuMs - before.cpuMs),
    othersHeard: server.othersHeard - before.heard,
    findings,
  }
}

/** What is left, looked at until it is within the bound or the time is over. */
async function keptBytes(grown: () => number, bytesMax: number): Promise<number> {
  const deadline = performance.now() + collectedMsMax
  while (grown() > bytesMax && performance.now() < deadline) await Bun.sleep(100)
  return grown()
}
