// A real RabbitMQ for tests, with its own daemon of names, which keeps what it has over a kill. Needs Debian's package
// (`.rabbitmq.test.ts`).
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type ChannelModel, connect, type ConfirmChannel } from "amqplib"
import { within } from "../../../src/bounds/within.ts"
import { BrokerProcess, freePort } from "./broker-process.ts"
import { makeCertificate } from "./certificate.ts"

// Not the wrapper on the path: that one becomes another user.
const program = "/usr/lib/rabbitmq/bin/rabbitmq-server"

export class RabbitMqServer implements AsyncDisposable {
  /** As `guest`, without encryption. */
  readonly url: string
  /** By TLS; `certificate` is to be trusted. */
  readonly tlsUrl: string
  readonly certificate: string
  private readonly nodeName: string
  private readonly process: BrokerProcess

  private constructor(process: BrokerProcess, facts: { port: number; tlsPort: number; certificate: string }) {
    this.process = process
    this.nodeName = `laba${facts.port}@localhost`
    this.url = `amqp://guest:guest@127.0.0.1:${facts.port}`
    this.tlsUrl = `amqps://guest:guest@127.0.0.1:${facts.tlsPort}`
    this.certificate = facts.certificate
  }

  static async start(): Promise<RabbitMqServer> {
    const [port, tlsPort, distribution, names] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ]
    const url = `amqp://guest:guest@127.0.0.1:${port}`
    const process = new BrokerProcess({
      name: "rabbitmq",
      command: () => [program],
      environment: (folder) => ({
        HOME: join(folder, "home"),
        RABBITMQ_NODENAME: `laba${port}@localhost`,
        RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
        RABBITMQ_LOG_BASE: join(folder, "log"),
        RABBITMQ_DIST_PORT: String(distribution),
        RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "plugins"),
        RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
        // The daemon that knows the names of nodes outlives them, so this one is its own.
        ERL_EPMD_PORT: String(names),
      }),
      async ready() {
        await endConnection(await connect(url, { timeout: 3000 }))
      },
      ended: () => void Bun.spawnSync(["epmd", "-port", String(names), "-kill"]),
    })
    const { folder } = process
    for (const name of ["home", "mnesia", "log"]) mkdirSync(join(folder, name))
    const { certificate, certificateFile, keyFile } = makeCertificate(folder)
    writeFileSync(join(folder, "plugins"), "[].")
    const lines = [
      `listeners.tcp.1 = 127.0.0.1:${port}`,
      `listeners.ssl.1 = 127.0.0.1:${tlsPort}`,
      `ssl_options.cacertfile = ${certificateFile}`,
      `ssl_options.certfile = ${certificateFile}`,
      `ssl_options.keyfile = ${keyFile}`,
      "ssl_options.verify = verify_none",
    ]
    writeFileSync(join(folder, "rabbitmq.conf"), `${lines.join("\n")}\n`)
    const server = new RabbitMqServer(process, { port, tlsPort, certificate })
    await process.restart()
    return server
  }

  kill(): Promise<void> {
    return this.process.kill()
  }

  restart(): Promise<void> {
    return this.process.restart()
  }

  /** How many messages a queue holds, those that are not acknowledged too. */
  async depth(queue: string): Promise<number> {
    const program = "/usr/lib/rabbitmq/bin/rabbitmqctl"
    const asked = Bun.spawn([program, "-n", this.nodeName, "list_queues", "-q", "name", "messages"], {
      stdout: "pipe",
      stderr: "pipe",
      env: this.process.environment,
    })
    const lines = (await new Response(asked.stdout).text()).split("\n").map((line) => line.split("\t"))
    const found = lines.find(([name]) => name === queue)?.[1]
    if (found === undefined) throw new Error(`RabbitMQ tells nothing of ${queue}`)
    return Number(found)
  }

  /** A connection of the test's own, with a channel that confirms what it is given. */
  async open(): Promise<RabbitMqClient> {
    const connection = await connect(this.url, { timeout: 3000 })
    // What ends it is a test's doing.
    connection.on("error", () => {})
    return new RabbitMqClient(connection, await connection.createConfirmChannel())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]()
  }
}

class RabbitMqClient implements AsyncDisposable {
  readonly channel: ConfirmChannel
  private readonly connection: ChannelModel

  constructor(connection: ChannelModel, channel: ConfirmChannel) {
    this.connection = connection
    this.channel = channel
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endConnection(this.connection)
  }
}

/** A server that goes away in this moment answers nothing, and nothing says so. */
async function endConnection(connection: ChannelModel): Promise<void> {
  connection.on("error", () => {})
  await within(
    2000,
    connection.close().catch(() => {}),
  )
}
