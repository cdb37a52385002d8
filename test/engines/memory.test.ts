import { defaultLimits } from "../../wire/limits.ts"
import { MemoryEngine } from "../../src/engines/memory/memory-engine.ts"
import { engineContract } from "./contract.ts"

engineContract("memory", {
  async make(events, options) {
    const engine = new MemoryEngine(events, { limits: { ...defaultLimits, ...options } })
    return { engine, [Symbol.asyncDispose]: async () => engine.close() }
  },
})
