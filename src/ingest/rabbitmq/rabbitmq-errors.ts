// What an error of AMQP says, in one sentence for people, without a secret.

interface AmqpError extends Error {
  /** What the server answered, as a number of AMQP. */
  readonly code?: number | string
}

const notFound = 404

export const isMissing = (error: unknown): boolean => (error as AmqpError | null)?.code === notFound

export function rabbitMqSentence(error: unknown): string {
  const { code, message } = (error instanceof Error ? error : new Error(String(error))) as AmqpError
  if (/ACCESS.REFUSED/.test(message) && /login|PLAIN|handshake/i.test(message))
    return "RabbitMQ refuses the user or the password."
  if (/ACCESS.REFUSED/.test(message)) return `RabbitMQ: the user may not do this: ${quoted(message)}.`
  // The library does not read why the server closes what is being opened.
  if (/NOT.ALLOWED|Expected ConnectionOpenOk/.test(message))
    return "RabbitMQ has no such virtual host, or the user may not use it."
  if (code === "ECONNRESET" || /Socket closed abruptly/.test(message)) return "RabbitMQ ended the connection."
  return `RabbitMQ: ${quoted(message).replace(/\.$/, "")}.`
}

/** Without the words around what the server said. */
const quoted = (message: string): string => /with message "(.*)"/.exec(message)?.[1] ?? message
