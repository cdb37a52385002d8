// Go's net/http, gorilla/websocket, two parsers of event streams, and go-stomp over TCP.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "bun:test"
import { followsBy } from "./followed.ts"

const source = join(import.meta.dir, "go")
const folder = mkdtempSync(join(tmpdir(), "laba-go-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

followsBy("Go", {
  cwd: source,
  async command() {
    const program = join(folder, "clients")
    const build = Bun.spawn(
      [process.env["LABA_GO"] as string, "build", "-mod=readonly", "-o", program, "."],
      {
        cwd: source,
        stderr: "inherit",
      },
    )
    if ((await build.exited) !== 0) throw new Error("the program does not compile")
    return [program]
  },
  clients: {
    "net/http, long-poll": "messages",
    "gorilla/websocket, raw": "messages",
    "gorilla/websocket, laba.v1": "messages",
    "r3labs/sse": "events",
    "tmaxmax/go-sse": "events",
    "go-stomp, STOMP 1.2": "messages",
    "go-stomp, STOMP 1.1": "messages",
  },
})
