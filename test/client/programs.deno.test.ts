// Deno as a client, allowed to reach the network and to read the program.
import { test } from "bun:test"
import { expectToTalk, transports } from "./programs.ts"

const deno = [process.env["LABA_DENO"] as string, "run", "--allow-net", "--allow-read"]

for (const transport of transports) {
  test(
    `Deno over ${transport}: publishes, hears, resumes, and ends when it has closed`,
    () => expectToTalk(deno, transport),
    60_000,
  )
}
