// A real Caddy for one test, on a free port, in a folder of its own; gone when the test's block ends.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { readText } from "../tree.ts"

export interface Caddy extends AsyncDisposable {
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

/** Runs Caddy with a Caddyfile, for as long as `use` takes. */
async function withCaddyfile<T>(
  text: string,
  use: (file: string, env: Record<string, string>) => Promise<T>,
): Promise<{ readonly made: T; readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "laba-caddy-"))
  const file = join(folder, "Caddyfile")
  await Bun.write(file, text)
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  return { made: await use(file, env as Record<string, string>), folder }
}

/** What Caddy says against a Caddyfile; empty when nothing. */
export async function caddyProblems(text: string): Promise<string> {
  const { made, folder } = await withCaddyfile(text, async (file, env) => {
    const command = [binary, "validate", "--adapter", "caddyfile", "--config", file]
    const { exitCode, stderr } = Bun.spawnSync(command, { env })
    return exitCode === 0 ? "" : stderr.toString()
  })
  await rm(folder, { recursive: true })
  return made
}

/** Starts our Caddyfile in front of a Laba at a port of this machine. */
export async function startCaddy(upstreamPort: number): Promise<Caddy> {
  const port = freePort()
  const text = ourCaddyfile()
    .replace("push.example {", `{\n\tadmin off\n\tauto_https off\n}\n\nhttp://127.0.0.1:${port} {`)
    .replace("127.0.0.1:8080", `127.0.0.1:${upstreamPort}`)
  const { made: child, folder } = await withCaddyfile(text, async (file, env) =>
    Bun.spawn([binary, "run", "--adapter", "caddyfile", "--config", file], {
      env,
      stdout: "ignore",
      stderr: Bun.file(join(file, "../log")),
    }),
  )
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
    if (Date.now() > giveUpAt || child.exitCode !== null)
      throw new Error(`Caddy did not start: ${await Bun.file(join(folder, "log")).text()}`)
    await Bun.sleep(10)
  }
  return caddy
}

/** A port that was free a moment ago: Caddy cannot choose one. */
function freePort(): number {
  const socket = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })
  socket.stop(true)
  return socket.port
}
