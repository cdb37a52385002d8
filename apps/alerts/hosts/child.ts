// A process of our own: a program of this folder, started with Laba's address and the key, and ended with us.
import { fileURLToPath } from "node:url"
import type { LabaAccess } from "../../kit/laba/laba-calls.ts"

interface ChildOptions {
  /** A TypeScript file in this folder. */
  readonly program: string
  readonly access: LabaAccess
  readonly programArguments: readonly string[]
}

export function startChild({ program, access, programArguments }: ChildOptions): Bun.Subprocess {
  const path = fileURLToPath(new URL(`./${program}`, import.meta.url))
  // With --no-orphans it ends when we do, however that happens.
  return Bun.spawn([process.execPath, "--no-orphans", path, ...programArguments], {
    // Not as arguments: those are in every list of processes.
    env: { ...process.env, LABA_URL: access.url, LABA_CREDENTIAL: access.key },
    stdio: ["ignore", "ignore", "inherit"],
  })
}

/** What a child reads of it. */
export function accessOfChild(): LabaAccess {
  const { LABA_URL: url, LABA_CREDENTIAL: key } = process.env
  if (!url || !key) throw new Error("LABA_URL and LABA_CREDENTIAL say where to publish.")
  return { url, key }
}
