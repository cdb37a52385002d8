// Bun as a client, and the Node that starts Laba, however old.
import { test } from "bun:test"
import { expectToTalk, transports } from "./programs.ts"

for (const transport of transports) {
  test(
    `Bun over ${transport}: publishes, hears, resumes, and ends when it has closed`,
    () => expectToTalk(process.execPath, transport),
    60_000,
  )

  test(`the Node on the PATH over ${transport}: the same`, () => expectToTalk("node", transport), 60_000)
}
