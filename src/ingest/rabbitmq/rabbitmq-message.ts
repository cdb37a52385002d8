// What RabbitMQ delivers, as a message. Properties of AMQP are headers by the names that they have there, so that a template says
// `{header.message-id}`; a header of the same name that was written goes before it.
import type { ConsumeMessage } from "amqplib"
import type { SourceMessage } from "../source.ts"

const encoder = new TextEncoder()

/** AMQP counts seconds; some clients write milliseconds. Seconds reach this in the year 5138. */
const secondsMax = 100_000_000_000

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  return encoder.encode(typeof value === "string" ? value : (JSON.stringify(value) ?? ""))
}

function headersOf({ properties }: ConsumeMessage): ReadonlyMap<string, Uint8Array> {
  const { messageId, correlationId, replyTo, appId, userId, type, priority, expiration } = properties
  const named = {
    "message-id": messageId,
    "correlation-id": correlationId,
    "reply-to": replyTo,
    "app-id": appId,
    "user-id": userId,
    type,
    priority,
    expiration,
    "content-encoding": properties.contentEncoding,
    ...properties.headers,
  }
  return new Map(
    Object.entries(named)
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => [name, bytesOf(value)]),
  )
}

export function rabbitMqMessage(queue: string, delivered: ConsumeMessage): SourceMessage {
  const { fields, properties, content } = delivered
  const timestamp = Number(properties.timestamp)
  return {
    partition: queue,
    position: null,
    topic: fields.routingKey,
    key: null,
    body: content,
    contentType: typeof properties.contentType === "string" ? properties.contentType : null,
    headers: headersOf(delivered),
    fields: { queue, exchange: fields.exchange, redelivered: String(fields.redelivered) },
    time: Number.isFinite(timestamp) ? (timestamp < secondsMax ? timestamp * 1000 : timestamp) : null,
  }
}
