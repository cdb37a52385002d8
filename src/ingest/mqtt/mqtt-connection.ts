// One connection to an MQTT broker: its packets, its handshake, and the pings that find out when it is dead. It never comes back:
// whoever wants another opens one. Acknowledgements are sent by whoever uses it.
import { connect as connectTcp, isIP, type Socket } from "node:net"
import { connect as connectTls } from "node:tls"
import { generate, type IConnackPacket, type Packet, parser } from "mqtt-packet"
import { within } from "../../bounds/within.ts"
import { readTls } from "../tls-settings.ts"
import type { MqttSettings } from "./mqtt.ts"
import { PacketSizes, type PassedOver } from "./packet-sizes.ts"
import { refusalOf } from "./refusals.ts"

/** How long a connection may take until the broker has let us in. */
const openMs = 10_000

/** A broker may end a connection from which it has heard nothing for one and a half of these. We ping at the half. */
const keepAliveSeconds = 30

/** How long a broker may take to close its side. */
const closeMs = 3000

/** No larger packet is read into memory. Brokers let 256 MB through, and whoever may publish could fill ours. */
const packetBytesMax = 16 * 1024 * 1024

/** The most that a broker can be asked to send before we acknowledge. */
const receiveMaximumMax = 65_535

interface MqttConnectionOptions {
  readonly settings: MqttSettings
  readonly clientId: string
  /** How many messages the broker may send that are not acknowledged. */
  readonly inFlightMax: number
  readonly onPacket: (packet: Packet) => void
  /** A message was too large to be read. */
  readonly onPassedOver: (passed: PassedOver) => void
}

export class MqttConnection {
  /** Whether the broker had kept what came while we were away. */
  readonly sessionPresent: boolean
  /** Resolves with why, once it has ended. */
  readonly ended: Promise<string>
  private readonly socket: Socket
  private readonly version: 4 | 5
  private readonly onPacket: (packet: Packet) => void
  private readonly pinging: ReturnType<typeof setInterval>
  private readonly end: (reason: string) => void
  private awaitsPing = false
  private over = false
  private stopped = false
  private lastId = 0

  private constructor(socket: Socket, hello: IConnackPacket, options: MqttConnectionOptions) {
    this.socket = socket
    this.version = options.settings.version
    this.onPacket = options.onPacket
    this.sessionPresent = hello.sessionPresent
    const ended = Promise.withResolvers<string>()
    this.ended = ended.promise
    this.end = (reason) => {
      if (this.over) return
      this.over = true
      clearInterval(this.pinging)
      socket.destroy()
      ended.resolve(reason)
    }
    socket.on("error", (error) => this.end(reasonOf(error)))
    socket.on("close", () => this.end("closed the connection; is there another client with this client id?"))
    const seconds = hello.properties?.serverKeepAlive ?? keepAliveSeconds
    this.pinging = setInterval(() => this.ping(), (seconds * 1000) / 2)
  }

  /** Connects, and resumes the session of this client id. Throws what completes the sentence "MQTT at … ". */
  static async open(options: MqttConnectionOptions): Promise<MqttConnection> {
    const { settings, clientId, inFlightMax } = options
    const { version, user, password, sessionExpiry } = settings
    const socket = dial(settings)
    const opened = Promise.withResolvers<MqttConnection>()
    let connection: MqttConnection | null = null
    const timer = setTimeout(() => opened.reject(new Error("does not answer")), openMs)
    const packets = parser({ protocolVersion: version })
    packets.on("packet", (packet) => {
      if (connection) connection.take(packet)
      else if (packet.cmd !== "connack") opened.reject(new Error("does not speak MQTT as it should"))
      else {
        const refusal = refusalOf(version, packet.reasonCode ?? packet.returnCode ?? 0)
        if (refusal !== null) opened.reject(new Error(refusal))
        else {
          connection = new MqttConnection(socket, packet, options)
          opened.resolve(connection)
        }
      }
    })
    const fail = (reason: string) => {
      opened.reject(new Error(reason))
      connection?.end(reason)
    }
    packets.on("error", (error: unknown) => fail(`sends what is no MQTT (${reasonOf(error)})`))
    const sizes = new PacketSizes({
      bytesMax: packetBytesMax,
      onBytes: (bytes) => packets.parse(bytes),
      onPassedOver: (passed) => (connection ? options.onPassedOver(passed) : fail("speaks before its turn")),
    })
    socket.on("data", (bytes) => sizes.take(bytes as Buffer))
    socket.on("error", (error) => fail(reasonOf(error)))
    socket.on("close", () => opened.reject(new Error("closed the connection before it had let us in")))
    socket.on(settings.url.startsWith("mqtts:") ? "secureConnect" : "connect", () => {
      socket.setNoDelay(true)
      const hello: Packet = {
        cmd: "connect",
        ...{ protocolId: "MQTT", protocolVersion: version, clientId, clean: false },
        keepalive: keepAliveSeconds,
        ...(user !== undefined && { username: user }),
        ...(password !== undefined && { password: Buffer.from(password) }),
        ...(version === 5 && {
          properties: {
            sessionExpiryInterval: Math.min(0xffff_fffe, Math.ceil(sessionExpiry / 1000)),
            receiveMaximum: Math.min(receiveMaximumMax, inFlightMax),
          },
        }),
      }
      socket.write(generate(hello, { protocolVersion: version }))
    })
    try {
      return await opened.promise
    } catch (error) {
      socket.destroy()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  /** Sends packets in one write. Nothing once it has ended. */
  send(...packets: readonly Packet[]): void {
    if (this.over) return
    this.socket.cork()
    for (const packet of packets) this.socket.write(generate(packet, { protocolVersion: this.version }))
    this.socket.uncork()
  }

  /** An identifier for a packet of ours. */
  nextId(): number {
    this.lastId = (this.lastId % 65_535) + 1
    return this.lastId
  }

  /** Reads no more, or again: the broker waits with what it has. */
  stopReading(stops: boolean): void {
    if (stops === this.stopped || this.over) return
    this.stopped = stops
    if (stops) this.socket.pause()
    else this.socket.resume()
  }

  /** Says goodbye; the broker keeps the session. */
  async close(): Promise<void> {
    if (this.over) return
    this.send({ cmd: "disconnect" })
    // Read to the end: what lies unread when a socket is destroyed makes the other side forget what we sent last.
    this.stopReading(false)
    this.socket.end()
    await within(closeMs, this.ended)
    this.end("was closed")
  }

  private take(packet: Packet): void {
    this.awaitsPing = false
    if (packet.cmd === "pingresp") return
    if (packet.cmd === "disconnect") {
      const refusal = refusalOf(this.version, packet.reasonCode ?? 0)
      return this.end(refusal ?? "said goodbye")
    }
    this.onPacket(packet)
  }

  private ping(): void {
    // While nothing is read, no answer is.
    if (this.awaitsPing && !this.stopped) return this.end("does not answer")
    this.awaitsPing = true
    this.send({ cmd: "pingreq" })
  }
}

function dial({ url, tls }: MqttSettings): Socket {
  const { hostname, port, protocol } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, "")
  if (protocol === "mqtt:") return connectTcp({ host, port: Number(port || 1883) })
  // A name is asked for by its name; an address has none.
  const name = isIP(host) === 0 ? { servername: host } : {}
  return connectTls({ host, port: Number(port || 8883), ...name, ...readTls(tls ?? {}) })
}

const reasons: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "cannot be reached (nothing listens there)"],
  ["ENOTFOUND", "cannot be reached (no such host)"],
  ["ETIMEDOUT", "cannot be reached (no answer)"],
  ["ECONNRESET", "cut the connection"],
])

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = "code" in error ? String(error.code) : ""
  return reasons.get(code) ?? `cannot be used (${error.message})`
}
