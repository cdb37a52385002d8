// A real PostgreSQL in a folder of its own, reached by a socket in that folder: no port, no password, nothing kept. With a
// network it has a port too, where TLS is offered and a password is asked for.
// Needs the binaries (`.postgres.test.ts`).
import { execFileSync } from "node:child_process"
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { makeCertificate } from "./brokers/certificate.ts"

interface PostgresServer extends Disposable {
  /** The address of a new, empty database. */
  database(): string
  /** Ends it as a crash would, and starts it again at the same place. */
  restart(): void
  /** Ends it as a crash would. */
  kill(): void
  /** With a network: where a database is found by its port, as `laba` with `password`. */
  networkUrl(database: string, password?: string): string
  /** With a network: what its TLS shows. */
  readonly certificate: string
}

interface PostgresOptions {
  /** A port on 127.0.0.1. */
  readonly port?: number
}

const postgresPassword = "a-secret"

export function startPostgres({ port }: PostgresOptions = {}): PostgresServer {
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
    ...(port === undefined
      ? ["-c listen_addresses="]
      : [`-c listen_addresses=127.0.0.1 -c port=${port} -c ssl=on`]),
    `-c unix_socket_directories=${folder}`,
    // What a power cut would leave is PostgreSQL's own to test.
    "-c fsync=off",
    "-c max_connections=50",
  ].join(" ")
  const start = (): void =>
    run("pg_ctl", "-D", cluster, "-w", "-t", "60", "-l", join(folder, "log"), "-o", settings, "start")
  const stop = (): void => run("pg_ctl", "-D", cluster, "-w", "-m", "immediate", "stop")
  const here = ["-h", folder, "-p", String(port ?? 5432), "-U", "laba"]
  let databases = 0
  let certificate = ""
  let runs = true
  try {
    run("initdb", "-D", cluster, "-A", "trust", "-U", "laba", "-E", "UTF8", "--locale=C", "--no-sync")
    if (port !== undefined) certificate = openToNetwork(cluster, owner)
    start()
    if (port !== undefined)
      run("psql", ...here, "-d", "postgres", "-c", `ALTER USER laba PASSWORD '${postgresPassword}'`)
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
  return {
    database() {
      const name = `laba_${++databases}`
      run("createdb", ...here, name)
      const socket = join(folder, `.s.PGSQL.${port ?? 5432}`)
      return `postgres://laba@localhost/${name}?host=${encodeURIComponent(socket)}`
    },
    networkUrl: (database, password = postgresPassword) =>
      `postgres://laba:${password}@127.0.0.1:${port}/${new URL(database).pathname.slice(1)}`,
    certificate,
    kill() {
      stop()
      runs = false
    },
    restart() {
      if (runs) stop()
      start()
      runs = true
    },
    [Symbol.dispose]() {
      if (runs) stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What it shows, and that it asks for a password; answers the certificate. */
function openToNetwork(
  cluster: string,
  owner: { readonly uid: number; readonly gid: number } | null,
): string {
  const made = makeCertificate(cluster)
  appendFileSync(
    join(cluster, "postgresql.conf"),
    `ssl_cert_file = '${made.certificateFile}'\nssl_key_file = '${made.keyFile}'\n`,
  )
  writeFileSync(
    join(cluster, "pg_hba.conf"),
    "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n",
  )
  chmodSync(made.keyFile, 0o600)
  if (owner) for (const file of [made.certificateFile, made.keyFile]) chownSync(file, owner.uid, owner.gid)
  return made.certificate
}

function nobody(): { readonly uid: number; readonly gid: number } {
  const idOf = (flag: string) => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }))
  return { uid: idOf("-u"), gid: idOf("-g") }
}
