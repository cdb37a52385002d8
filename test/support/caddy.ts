// A real Caddy for one test, on a free port, in a folder of its own; gone when the test's block ends.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePort } from "../../bench/peers/free-port.ts"
import { readText } from "../tree.ts"

interface Caddy extends AsyncDisposable {
  /** `http://127.0.0.1:port`, without a slash at the end. */
  readonly base: string
}

const binary = process.env["LABA_CADDY"] ?? "caddy"

/** Ours, as far as this Caddy knows its words: Debian's is 2.6, which has no `stream_close_delay` and ends WebSockets at a change. */
export function ourCaddyfile(): string {
  const text = readText("deploy/caddy/Caddyfile")
  const version = /(\d+)\.(\d+)/.exec(Bun.spawnSync([binary, "version"]).stdout.toString())
  const isOld = Number(version?.[1]) === 2 && Number(version?.[2]) < 7
  return isOld ? text.replace(/^\s*stream_close_delay .*\n/m, "") : text
}

/** A folder of its own with a Caddyfile in it, and how Caddy is run there; it writes below its home. */
async function folderWith(text: string) {
  const folder = await mkdtemp(join(tmpdir(), "laba-caddy-"))
  const file = join(folder, "Caddyfile")
  await Bun.write(file, text)
  return {
    folder,
    command: (word: "validate" | "run") => [binary, word, "--adapter", "caddyfile", "--config", file],
    env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  }
}

/** What Caddy says against a Caddyfile; empty when nothing. */
export async function caddyProblems(text: string): Promise<string> {
  const { folder, command, env } = await folderWith(text)
  const { exitCode, stderr } = Bun.spawnSync(command("validate"), { env })
  await rm(folder, { recursive: true })
  return exitCode === 0 ? "" : stderr.toString()
}

/** Starts our Caddyfile in front of a Laba at a port of this machine. */
export async function startCaddy(upstreamPort: number): Promise<Caddy> {
  const port = freePort()
  const text = ourCaddyfile()
    .replace("push.example {", `{\n\tadmin off\n\tauto_https off\n}\n\nhttp://127.0.0.1:${port} {`)
    .replace("127.0.0.1:8080", `127.0.0.1:${upstreamPort}`)
  const { folder, command, env } = await folderWith(text)
  const log = Bun.file(join(folder, "log"))
  const child = Bun.spawn(command("run"), { env, stdout: "ignore", stderr: log })
  const caddy: Caddy = {
    base: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill()
      await child.exited
      await rm(folder, { recursive: true })
    },
  }
  const giveUpAt = Date.now() + 30_000
  while (!(await fetch(`${caddy.base}/_/live`).catch(() => null))) {
    if (Date.now() > giveUpAt || child.exitCode !== null) {
      const said = await log.text()
      await caddy[Symbol.asyncDispose]()
      throw new Error(`Caddy did not start: ${said}`)
    }
    await Bun.sleep(10)
  }
  return caddy
}
