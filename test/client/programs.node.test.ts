// Node 24 as a client, with the WebSocket, fetch and streams that it brings itself.
import { expect, test } from "bun:test"
import { expectToTalk, transports } from "./programs.ts"

const node = process.env["LABA_NODE"] as string

test("this is Node 24 or newer", () => {
  const version = Bun.spawnSync([node, "--version"]).stdout.toString()
  expect(Number.parseInt(version.slice(1), 10)).toBeGreaterThanOrEqual(24)
})

for (const transport of transports) {
  test(
    `Node over ${transport}: publishes, hears, resumes, and ends when it has closed`,
    () => expectToTalk(node, transport),
    60_000,
  )
}
