// A real nginx for one test, on a free port, in a folder of its own; gone when the test's block ends.
import { chmod, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePort } from "../../bench/peers/free-port.ts"

export interface Nginx extends AsyncDisposable {
  /** `http://127.0.0.1:port`, without a slash at the end. */
  readonly base: string
  /** What it has written to the access log so far, where it writes one. */
  accessLog(): Promise<string>
}

/** Where a configuration for a machine of its own writes its access log. */
export const accessLogPath = "/var/log/nginx/access.log"

/** Starts one whose `http` block holds what `http` makes of the port. It must pass `/_/live` on to a server that runs. */
export async function startNginx(http: (port: number) => string): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), "laba-nginx-"))
  // Its workers are another user, and keep bodies there.
  await chmod(folder, 0o755)
  const port = freePort()
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  const file = join(folder, "nginx.conf")
  const log = join(folder, "error.log")
  const accessLog = join(folder, "access.log")
  await Bun.write(
    file,
    `daemon off; pid ${folder}/nginx.pid; error_log ${log}; events {}
     http { access_log off; ${places.join(" ")} ${http(port).replaceAll(accessLogPath, accessLog)} }`,
  )
  const command = [process.env["LABA_NGINX"] ?? "nginx", "-c", file, "-e", log]
  const checked = Bun.spawnSync([...command, "-t"])
  if (checked.exitCode !== 0) throw new Error(`nginx refuses its configuration: ${checked.stderr.toString()}`)
  const child = Bun.spawn(command, { stderr: "ignore" })
  const nginx: Nginx = {
    base: `http://127.0.0.1:${port}`,
    accessLog: () => Bun.file(accessLog).text(),
    async [Symbol.asyncDispose]() {
      child.kill()
      await child.exited
      await rm(folder, { recursive: true })
    },
  }
  const giveUpAt = Date.now() + 30_000
  while (!(await fetch(`${nginx.base}/_/live`).catch(() => null))) {
    if (Date.now() > giveUpAt) throw new Error("nginx did not start")
    await Bun.sleep(10)
  }
  return nginx
}
