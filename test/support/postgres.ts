// A real PostgreSQL in a folder of its own, reached by a socket in that folder: no port, no password, nothing kept.
// Needs the binaries (`.postgres.test.ts`).
import { execFileSync } from "node:child_process"
import { chmodSync, chownSync, mkdtempSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

interface PostgresServer extends Disposable {
  /** The address of a new, empty database. */
  database(): string
  /** Ends it as a crash would, and starts it again at the same place. */
  restart(): void
}

export function startPostgres(): PostgresServer {
  const program = process.env["LABA_POSTGRES"]
  if (!program) throw new Error("LABA_POSTGRES names no `postgres`; npm test finds it.")
  // A link on the path may stand alone; the other binaries are where it leads.
  const binaries = dirname(realpathSync(program))
  const folder = mkdtempSync(join(tmpdir(), "laba-postgres-"))
  const owner = process.getuid?.() === 0 ? nobody() : null
  if (owner) chownSync(folder, owner.uid, owner.gid)
  chmodSync(folder, 0o700)
  const run = (binary: string, ...words: string[]): void => {
    // PostgreSQL refuses to be run by root, so root hands it to somebody who owns nothing. Its child stays behind, so
    // nobody may wait for the end of its output.
    execFileSync(join(binaries, binary), words, { cwd: folder, stdio: "ignore", ...owner })
  }
  const cluster = join(folder, "cluster")
  const settings = [
    "-c listen_addresses=",
    `-c unix_socket_directories=${folder}`,
    // What a power cut would leave is PostgreSQL's own to test.
    "-c fsync=off",
    "-c max_connections=50",
  ].join(" ")
  const start = (): void =>
    run("pg_ctl", "-D", cluster, "-w", "-t", "60", "-l", join(folder, "log"), "-o", settings, "start")
  const stop = (): void => run("pg_ctl", "-D", cluster, "-w", "-m", "immediate", "stop")
  let databases = 0
  try {
    run("initdb", "-D", cluster, "-A", "trust", "-U", "laba", "-E", "UTF8", "--locale=C", "--no-sync")
    start()
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
  return {
    database() {
      const name = `laba_${++databases}`
      run("createdb", "-h", folder, "-U", "laba", name)
      return `postgres://laba@localhost/${name}?host=${encodeURIComponent(join(folder, ".s.PGSQL.5432"))}`
    },
    restart() {
      stop()
      start()
    },
    [Symbol.dispose]() {
      stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function nobody(): { readonly uid: number; readonly gid: number } {
  const idOf = (flag: string) => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }))
  return { uid: idOf("-u"), gid: idOf("-g") }
}
