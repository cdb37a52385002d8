// Laba itself, started as its users start it, in its default configuration unless a bench raises a bound.
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Peer, StartOptions } from "./peer.ts"
import { gaugePath, portInAddress, projectFolder, startServer } from "./start.ts"

const main = join(projectFolder, "src", "cli", "main.ts")

export const laba: Peer = {
  name: "laba",
  ways: ["websocket", "laba.v1", "stomp", "stomp-sockjs", "sse"],
  missing: () => (existsSync(main) ? undefined : "src/cli/main.ts is not there"),
  async start(options) {
    const command = [
      process.execPath,
      "--preload",
      gaugePath,
      main,
      "serve",
      "--port",
      "0",
      "--host",
      "127.0.0.1",
    ]
    if (!options) return await startServer({ command, portIn: portInAddress, gauged: true })
    const folder = mkdtempSync(join(tmpdir(), "bench-laba-"))
    const path = join(folder, "laba.json")
    await Bun.write(path, JSON.stringify(configuration(options)))
    return await startServer({
      command: [...command, "--config", path],
      portIn: portInAddress,
      gauged: true,
      cleanUp: () => rmSync(folder, { recursive: true, force: true }),
    })
  },
}

function configuration(options: StartOptions): Record<string, unknown> {
  const { historySeconds = 60, historyCount = 100, historyBytesMax, config = {}, rule = {} } = options
  const history = { count: historyCount, bytes: "256MB", time: `${historySeconds}s` }
  return {
    ...config,
    channels: { "/**": { history, ...rule } },
    ...(historyBytesMax !== undefined && { limits: { historyBytesMax } }),
  }
}
