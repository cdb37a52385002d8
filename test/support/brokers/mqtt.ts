// A real Mosquitto on a free port. It can be killed as a power cut would, and started again with what it had. Needs the binary
// (`.mosquitto.test.ts`).
import { pbkdf2Sync } from "node:crypto"
import { chmodSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Packet } from "mqtt-packet"
import { MqttConnection } from "../../../src/ingest/mqtt/mqtt-connection.ts"
import { mqtt } from "../../../src/ingest/mqtt/mqtt.ts"
import { eventually } from "../eventually.ts"
import { BrokerProcess, freePort } from "./broker-process.ts"
import { makeCertificate } from "./certificate.ts"

interface MosquittoOptions {
  /** Writes each change to its disk at once, which is slow: a kill costs nothing that it acknowledged a moment before. */
  readonly durable?: boolean
  /** Only who shows this password comes in, as `laba`. */
  readonly password?: string
  /** Speaks TLS only, by a certificate of its own. */
  readonly tls?: boolean
}

interface Mosquitto extends AsyncDisposable {
  readonly port: number
  readonly url: string
  /** The file of the certificate that it shows with TLS. */
  readonly certificateFile: string
  restart(): Promise<void>
  kill(): Promise<void>
  /** Writes what it has to its disk. */
  save(): Promise<void>
  /** What it has logged since it was started last. */
  log(): Promise<string>
}

export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const { durable = false, password, tls = false } = options
  const program = process.env["LABA_MOSQUITTO"]
  if (!program) throw new Error("LABA_MOSQUITTO names no `mosquitto`; npm test finds it.")
  const port = await freePort()
  const broker = new BrokerProcess({
    name: "mosquitto",
    command: (folder) => [program, "-c", join(folder, "mosquitto.conf")],
    async ready() {
      const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } })
      socket.end()
    },
  })
  const { folder } = broker
  // As root it becomes another user, who writes here.
  chmodSync(folder, 0o777)
  const certificate = tls ? makeCertificate(folder) : null
  if (certificate) chmodSync(certificate.keyFile, 0o644)
  const passwords = join(folder, "passwords")
  if (password !== undefined) writeFileSync(passwords, `laba:${hashed(password)}\n`, { mode: 0o644 })
  const configuration = [
    ...[`listener ${port} 127.0.0.1`, `allow_anonymous ${password === undefined}`],
    ...(password === undefined ? [] : [`password_file ${passwords}`]),
    ...(certificate ? [`certfile ${certificate.certificateFile}`, `keyfile ${certificate.keyFile}`] : []),
    ...["persistence true", `persistence_location ${folder}/`, "max_queued_messages 0"],
    ...(durable ? ["autosave_on_changes true", "autosave_interval 1"] : []),
    ...[`pid_file ${folder}/pid`, `log_dest file ${folder}/mosquitto.log`, "log_type all"],
  ]
  writeFileSync(join(folder, "mosquitto.conf"), `${configuration.join("\n")}\n`)
  const log = async (): Promise<string> => {
    const all = await Bun.file(join(folder, "mosquitto.log")).text()
    return all.slice(all.lastIndexOf(" starting"))
  }
  await broker.restart()
  return {
    port,
    url: `${tls ? "mqtts" : "mqtt"}://127.0.0.1:${port}`,
    certificateFile: certificate?.certificateFile ?? "",
    restart: () => broker.restart(),
    kill: () => broker.kill(),
    async save() {
      const saves = async () => ((await log()).match(/Saving in-memory database/g) ?? []).length
      const before = await saves()
      process.kill(Number(readFileSync(join(folder, "pid"), "utf8")), "SIGUSR1")
      await eventually(async () => {
        if ((await saves()) === before) throw new Error("Mosquitto saves nothing")
      })
      // It says so before it does.
      await Bun.sleep(100)
    },
    log,
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  }
}

/** As `mosquitto_passwd` writes it: PBKDF2 with SHA-512. */
function hashed(password: string): string {
  const salt = Buffer.from("twelve bytes")
  const rounds = 101
  const hash = pbkdf2Sync(password, salt, rounds, 64, "sha512")
  return `$7$${rounds}$${salt.toString("base64")}$${hash.toString("base64")}`
}

export interface MqttClient extends AsyncDisposable {
  /** What came to its subscriptions. */
  readonly heard: Packet[]
  /** Resolves once it has ended. */
  readonly ended: Promise<string>
  /** Resolves once the broker has acknowledged it. Rejects when the connection ends before. */
  publish(topic: string, payload: string | Buffer, more?: PublishOptions): Promise<void>
  subscribe(topic: string): Promise<void>
}

interface PublishOptions {
  readonly qos?: 0 | 1 | 2
  readonly retain?: boolean
  readonly properties?: Record<string, unknown>
}

/** A client of it, as those who publish have. */
export async function mqttClient(url: string): Promise<MqttClient> {
  const waiting = new Map<number, () => void>()
  const heard: Packet[] = []
  const connection = await MqttConnection.open({
    settings: mqtt.schema.parse({ url, topics: "unused", sessionExpiry: 0 }),
    ...{ clientId: `client-${crypto.randomUUID()}`, inFlightMax: 1000, onPassedOver() {} },
    onPacket(packet) {
      const { messageId = 0 } = packet
      if (packet.cmd === "publish") {
        heard.push(packet)
        if (packet.qos === 1) connection.send({ cmd: "puback", messageId })
      } else if (packet.cmd === "pubrec") connection.send({ cmd: "pubrel", messageId })
      else waiting.get(messageId)?.()
    },
  })
  const ask = (packet: Packet) =>
    new Promise<void>((resolve, reject) => {
      waiting.set(packet.messageId as number, resolve)
      void connection.ended.then((reason) => reject(new Error(reason)))
      connection.send(packet)
    })
  return {
    heard,
    ended: connection.ended,
    async publish(topic, payload, { qos = 1, retain = false, properties = {} } = {}) {
      const packet = { cmd: "publish", topic, payload, qos, retain, dup: false, properties } as const
      if (qos === 0) connection.send(packet)
      else await ask({ ...packet, messageId: connection.nextId() })
    },
    subscribe: (topic) =>
      ask({ cmd: "subscribe", messageId: connection.nextId(), subscriptions: [{ topic, qos: 1 }] }),
    [Symbol.asyncDispose]: () => connection.close(),
  }
}

/** Lets the broker keep, for this client id, what is published to a topic from now on. */
export async function mqttSession(
  url: string,
  { clientId, topic }: { readonly clientId: string; readonly topic: string },
): Promise<void> {
  const answered = Promise.withResolvers<void>()
  const connection = await MqttConnection.open({
    settings: mqtt.schema.parse({ url, topics: topic }),
    ...{ clientId, inFlightMax: 1, onPacket: () => answered.resolve(), onPassedOver() {} },
  })
  connection.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos: 1 }] })
  await answered.promise
  await connection.close()
}
