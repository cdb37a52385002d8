// A real nats-server with JetStream, on a free port. It can be killed as a power cut would, and started again with what it had.
// Needs the binary (`.nats.test.ts`).
import { join } from "node:path"
import { type JetStreamClient, jetstream, type JetStreamManager, jetstreamManager } from "@nats-io/jetstream"
import { connect, type ConnectionOptions, type NatsConnection } from "@nats-io/transport-node"
import { BrokerProcess, freePort } from "./broker-process.ts"
import { makeCertificate } from "./certificate.ts"

interface NatsOptions {
  /** Only who shows this password comes in, as `laba`. */
  readonly password?: string
  /** Speaks TLS only, by a certificate of its own. */
  readonly tls?: boolean
}

export interface NatsServer extends AsyncDisposable {
  readonly address: string
  /** The file of the certificate that it shows with TLS. */
  readonly certificateFile: string
  restart(): Promise<void>
  kill(): Promise<void>
}

export async function startNats({ password, tls = false }: NatsOptions = {}): Promise<NatsServer> {
  const program = process.env["LABA_NATS_SERVER"]
  if (!program) throw new Error("LABA_NATS_SERVER names no `nats-server`; npm test finds it.")
  const port = await freePort()
  const broker: BrokerProcess = new BrokerProcess({
    name: "nats",
    command: (folder) => [
      ...[program, "-a", "127.0.0.1", "-p", String(port), "-js", "-sd", join(folder, "store")],
      ...(password === undefined ? [] : ["--user", "laba", "--pass", password]),
      ...(tls ? ["--tls", "--tlscert", certificate.certificateFile, "--tlskey", certificate.keyFile] : []),
    ],
    ready: async () => {
      const log = await Bun.file(join(broker.folder, "log.txt.errors")).text()
      if (!log.includes("Server is ready")) throw new Error(log)
    },
  })
  const certificate = tls ? makeCertificate(broker.folder) : { certificateFile: "", keyFile: "" }
  await broker.restart()
  return {
    address: `127.0.0.1:${port}`,
    certificateFile: certificate.certificateFile,
    restart: () => broker.restart(),
    kill: () => broker.kill(),
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  }
}

interface NatsClient extends AsyncDisposable {
  readonly connection: NatsConnection
  readonly js: JetStreamClient
  readonly manager: JetStreamManager
}

/** A client of it, as those who publish have. */
export async function natsClient(server: NatsServer, options: ConnectionOptions = {}): Promise<NatsClient> {
  const connection = await connect({ servers: server.address, reconnectTimeWait: 100, ...options })
  const [js, manager] = [jetstream(connection), await jetstreamManager(connection)]
  return { connection, js, manager, [Symbol.asyncDispose]: () => connection.close() }
}
