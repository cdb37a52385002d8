// Topics of a Mosquitto as the suite of all sources drives it.
import { type MqttClient, mqttClient, mqttSession, startMosquitto } from "../../support/brokers/mqtt.ts"
import { eventually } from "../../support/eventually.ts"
import type { SourceDriver, Written } from "../driver.ts"

const clientId = "laba-orders"

export async function mqttDriver(): Promise<SourceDriver> {
  const broker = await startMosquitto()
  // What is written before the first node reads is kept, too.
  await mqttSession(broker.url, { clientId, topic: "orders/#" })
  let client: MqttClient | null = null
  /** One thing after the other: writing waits while the broker is killed. */
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const acted = last.then(act)
    last = acted.catch(() => {})
    return acted
  }
  const connected = async (): Promise<MqttClient> => {
    if (client) return client
    const made = await mqttClient(broker.url)
    void made.ended.then(() => {
      if (client === made) client = null
    })
    client = made
    return made
  }
  const publish = ({ key, id, body }: Written): Promise<void> =>
    eventually(() =>
      inTurn(async () => {
        const payload = typeof body === "string" ? body : Buffer.from(body ?? "")
        await (
          await connected()
        ).publish(`orders/${key}`, payload, { properties: { userProperties: { id } } })
      }),
    )
  return {
    ingest: { mqtt: { url: broker.url, topics: "orders/#" }, id: "{header.id}" },
    async produce(messages) {
      for (const message of messages) await publish(message)
    },
    // Mosquitto keeps in memory what it has acknowledged, and writes it now and then; what a kill takes before is its own loss.
    kill: () =>
      inTurn(async () => {
        await broker.save()
        await broker.kill()
      }),
    restart: () => broker.restart(),
    async unacknowledged() {
      // Its figures count what nobody waits for after a restart, so its log is asked: while the session is connected, what is
      // not sent yet waits only for acknowledgements of what is.
      const waiting = new Set<string>()
      let isConnected = false
      for (const line of (await broker.log()).split("\n")) {
        const sent = /Sending PUBLISH to laba-orders \(d\d, q1, r0, m(\d+)/.exec(line)?.[1]
        const acknowledged = /Received PUBACK from laba-orders \(Mid: (\d+)/.exec(line)?.[1]
        if (sent) waiting.add(sent)
        else if (acknowledged) waiting.delete(acknowledged)
        else if (line.includes("Sending CONNACK to laba-orders")) isConnected = true
        else if (/Client laba-orders (?:disconnected|closed)|laba-orders already connected/.test(line))
          isConnected = false
      }
      return isConnected ? waiting.size : Infinity
    },
    async [Symbol.asyncDispose]() {
      await client?.[Symbol.asyncDispose]()
      await broker[Symbol.asyncDispose]()
    },
  }
}
