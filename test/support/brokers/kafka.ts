// A real Kafka for tests: one broker in KRaft mode, which keeps what it has over a kill. Needs Java and Kafka's jars
// (`.kafka.test.ts`).
import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Admin, Consumer, type MessageToProduce, Producer } from "@platformatic/kafka"
import { BrokerProcess, freePort } from "./broker-process.ts"
import { eventually } from "../eventually.ts"
import { makeCertificate } from "./certificate.ts"

const java = (): string => process.env["LABA_JAVA"] as string
const jars = (): string => join(process.env["LABA_KAFKA_LIB"] as string, "*")

const user = "laba"

interface KafkaOptions {
  /** A second listener, by TLS, where `laba` comes in with a password, by PLAIN or SCRAM. */
  readonly secured?: boolean
}

type Bytes = Buffer | string

interface WrittenRecord {
  readonly topic: string
  readonly partition?: number
  readonly key?: Bytes
  readonly value: Bytes
  readonly headers?: Readonly<Record<string, string>>
}

export class KafkaServer implements AsyncDisposable {
  /** `127.0.0.1:port`, where everybody may come in. */
  readonly address: string
  /** Where a password is asked for. */
  readonly securedAddress: string
  readonly password = "a-secret"
  readonly certificate: string
  private readonly topics = new Set<string>()
  private readonly process: BrokerProcess

  private constructor(
    process: BrokerProcess,
    facts: { address: string; securedAddress: string; certificate: string },
  ) {
    this.process = process
    this.address = facts.address
    this.securedAddress = facts.securedAddress
    this.certificate = facts.certificate
  }

  static async start({ secured = false }: KafkaOptions = {}): Promise<KafkaServer> {
    const [open, locked, controller] = [await freePort(), await freePort(), await freePort()]
    const address = `127.0.0.1:${open}`
    const process = new BrokerProcess({
      name: "kafka",
      command: (folder) => [
        java(),
        "-Xmx384m",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        jars(),
        "kafka.Kafka",
        join(folder, "server.properties"),
      ],
      async ready() {
        const admin = newAdmin(address, 0)
        try {
          await admin.metadata({ topics: [] })
        } finally {
          await admin.close()
        }
      },
    })
    const { certificate, properties } = secured
      ? security(process.folder)
      : { certificate: "", properties: [] }
    const listeners = `OPEN://${address},CONTROLLER://127.0.0.1:${controller}${secured ? `,LOCKED://127.0.0.1:${locked}` : ""}`
    const file = join(process.folder, "server.properties")
    const lines = [
      "process.roles=broker,controller",
      "node.id=1",
      `controller.quorum.voters=1@127.0.0.1:${controller}`,
      `listeners=${listeners}`,
      "listener.security.protocol.map=OPEN:PLAINTEXT,CONTROLLER:PLAINTEXT,LOCKED:SASL_SSL",
      "inter.broker.listener.name=OPEN",
      "controller.listener.names=CONTROLLER",
      `log.dirs=${join(process.folder, "logs")}`,
      "offsets.topic.replication.factor=1",
      "offsets.topic.num.partitions=1",
      "transaction.state.log.replication.factor=1",
      "transaction.state.log.num.partitions=1",
      "transaction.state.log.min.isr=1",
      "group.initial.rebalance.delay.ms=0",
      // A broker that was killed may come back as soon.
      "broker.session.timeout.ms=2000",
      "broker.heartbeat.interval.ms=500",
      "auto.create.topics.enable=false",
      "message.max.bytes=20000000",
      ...properties,
    ]
    writeFileSync(file, `${lines.join("\n")}\n`)
    // One that began with `-` would be read as a flag.
    const cluster = `L${randomBytes(16).toString("base64url").slice(1)}`
    const scram = ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((kind) => [
      "--add-scram",
      `${kind}=[name=${user},password=a-secret]`,
    ])
    execFileSync(
      java(),
      [
        "-XX:TieredStopAtLevel=1",
        "-cp",
        jars(),
        "kafka.tools.StorageTool",
        "format",
        "-t",
        cluster,
        "-c",
        file,
        ...(secured ? scram : []),
      ],
      { stdio: "ignore", env: { ...globalThis.process.env, JAVA_TOOL_OPTIONS: undefined } },
    )
    const server = new KafkaServer(process, {
      address,
      securedAddress: `127.0.0.1:${locked}`,
      certificate,
    })
    await process.restart()
    return server
  }

  kill(): Promise<void> {
    return this.process.kill()
  }

  pause(): void {
    this.process.pause()
  }

  resume(): void {
    this.process.resume()
  }

  async restart(): Promise<void> {
    await this.process.restart()
    await this.isReady()
  }

  /** Resolves once each partition can be written to. */
  async createTopic(topic: string, partitions = 1): Promise<void> {
    await this.asAdmin(async (admin) => {
      await admin.createTopics({ topics: [topic], partitions, replicas: 1 })
      this.topics.add(topic)
      await this.isReady()
    })
  }

  /** By Kafka's own client: a transaction that is given up, one with no key, a tombstone and an empty record, and one that is given up. */
  async writeByJava(topic: string): Promise<void> {
    const program = join(import.meta.dir, "kafka/WriteByJava.java")
    const run = Bun.spawn([java(), "-XX:TieredStopAtLevel=1", "-cp", jars(), program, this.address, topic], {
      stdout: "ignore",
      stderr: "pipe",
      env: { ...process.env, JAVA_TOOL_OPTIONS: undefined },
    })
    if ((await run.exited) !== 0) throw new Error(await new Response(run.stderr).text())
  }

  async deleteTopic(topic: string): Promise<void> {
    this.topics.delete(topic)
    await this.asAdmin(async (admin) => {
      await admin.deleteTopics({ topics: [topic] })
    })
  }

  async write(
    records: readonly WrittenRecord[],
    compression: "none" | "gzip" | "snappy" | "lz4" | "zstd" = "none",
  ): Promise<void> {
    const producer = new Producer<Bytes, Bytes, string, string>({
      clientId: "test",
      bootstrapBrokers: [this.address],
      serializers: { key: toBytes, value: toBytes, headerKey: toBytes, headerValue: toBytes } as never,
    })
    try {
      await producer.send({
        messages: records as unknown as MessageToProduce<Bytes, Bytes, string, string>[],
        compression,
        acks: -1,
      })
    } finally {
      await producer.close()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]()
  }

  /** Once each partition answers whoever writes: its name is known a little earlier. */
  private async isReady(): Promise<void> {
    const topics = [...this.topics]
    if (topics.length === 0) return
    await eventually(async () => {
      const options = { clientId: "test", bootstrapBrokers: [this.address], retries: 0 }
      const consumer = new Consumer({ ...options, groupId: "test" })
      try {
        for (const topic of topics) await consumer.listOffsets({ topics: [topic] })
      } finally {
        await (consumer.close(true) as unknown as Promise<void>)
      }
    })
  }

  private async asAdmin(work: (admin: Admin) => Promise<void>): Promise<void> {
    const admin = newAdmin(this.address, 5)
    try {
      await work(admin)
    } finally {
      await admin.close()
    }
  }
}

const toBytes = (value?: Bytes): Buffer | undefined =>
  value === undefined ? undefined : Buffer.from(value as string)

const newAdmin = (address: string, retries: number): Admin =>
  new Admin({ clientId: "test", bootstrapBrokers: [address], retries, retryDelay: 200 })

function security(folder: string): { readonly certificate: string; readonly properties: readonly string[] } {
  const { certificate, key } = makeCertificate(folder)
  const inOneLine = (pem: string): string => pem.trim().replaceAll("\n", "\\n")
  const plain = "org.apache.kafka.common.security.plain.PlainLoginModule"
  const scram = "org.apache.kafka.common.security.scram.ScramLoginModule"
  return {
    certificate,
    properties: [
      "ssl.keystore.type=PEM",
      `ssl.keystore.certificate.chain=${inOneLine(certificate)}`,
      `ssl.keystore.key=${inOneLine(key)}`,
      "listener.name.locked.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
      `listener.name.locked.plain.sasl.jaas.config=${plain} required user_${user}="a-secret";`,
      `listener.name.locked.scram-sha-256.sasl.jaas.config=${scram} required;`,
      `listener.name.locked.scram-sha-512.sasl.jaas.config=${scram} required;`,
    ],
  }
}
