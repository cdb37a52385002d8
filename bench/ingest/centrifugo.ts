// Centrifugo with one of its consumers, in its default configuration but for what lets us in and keeps as much history as ours.
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePort } from "../peers/free-port.ts"
import type { RunningPeer } from "../peers/peer.ts"
import { startServer } from "../peers/start.ts"

/** By `go install github.com/centrifugal/centrifugo/v6@v6.9.1`. */
const program = process.env["LABA_CENTRIFUGO"] ?? Bun.which("centrifugo") ?? ""

export const centrifugoMissing = (): string | undefined =>
  existsSync(program) ? undefined : "there is no Centrifugo (install it, or name it with LABA_CENTRIFUGO)"

export async function startCentrifugo(consumer: Readonly<Record<string, unknown>>): Promise<RunningPeer> {
  const folder = mkdtempSync(join(tmpdir(), "bench-centrifugo-"))
  const port = freePort()
  const path = join(folder, "config.json")
  const configuration = {
    log: { level: "error" },
    http_server: { address: "127.0.0.1", port: String(port) },
    client: { insecure: true, allowed_origins: ["*"] },
    channel: { without_namespace: { history_size: 100, history_ttl: "60s" } },
    consumers: [{ enabled: true, name: "bench", ...consumer }],
  }
  await Bun.write(path, JSON.stringify(configuration))
  return startServer({
    command: [program, "-c", path],
    portIn: () => port,
    ready: async () =>
      (await fetch(`http://127.0.0.1:${port}/connection/websocket`).catch(() => null)) !== null,
    gauged: false,
    cleanUp: () => rmSync(folder, { recursive: true, force: true }),
  })
}
