// A packet of MQTT as a source's message, and the packet that is a dead letter.
import type { IPublishPacket, UserProperties } from "mqtt-packet"
import type { SourceMessage } from "../source.ts"
import type { MqttConnection } from "./mqtt-connection.ts"

/** Messages come in one order, and the same message may come to any node: an `id:` is looked for among all. */
const partition = "all"

export interface MqttMessage extends SourceMessage {
  readonly packet: IPublishPacket
  /** It is acknowledged where it came from, or not at all. */
  readonly connection: MqttConnection
  readonly size: number
}

const encoder = new TextEncoder()

export function readPacket(packet: IPublishPacket, connection: MqttConnection): MqttMessage {
  const { topic, qos, retain, properties = {} } = packet
  const body = typeof packet.payload === "string" ? encoder.encode(packet.payload) : packet.payload
  return {
    ...{ partition, position: null, topic, key: null, body, time: null, packet, connection },
    contentType: properties.contentType ?? null,
    headers: new Map(
      propertiesIn(properties.userProperties).map(([name, value]) => [name, encoder.encode(value)]),
    ),
    fields: { qos: String(qos), retained: String(retain) },
    size: body.length + topic.length,
  }
}

/** As it came, with why and from where. */
export function deadLetterOf({ packet }: MqttMessage, reason: string, topic: string): IPublishPacket {
  const { properties = {}, payload } = packet
  return {
    ...{ cmd: "publish", topic, payload, qos: 1, dup: false, retain: false },
    properties: {
      ...(properties.contentType !== undefined && { contentType: properties.contentType }),
      userProperties: { ...properties.userProperties, "laba-reason": reason, "laba-topic": packet.topic },
    },
  }
}

/** A name may be there more than once. The first is what it says. */
const propertiesIn = (properties: UserProperties = {}): [string, string][] =>
  Object.entries(properties).map(([name, value]) => [
    name,
    typeof value === "string" ? value : (value[0] ?? ""),
  ])
