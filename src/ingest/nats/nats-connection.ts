// One connection to NATS, and what it is told of why there is none. It never comes back: whoever wants another opens one.
import { readFileSync } from "node:fs"
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream"
import { type Authenticator, connect, credsAuthenticator, type NatsConnection } from "@nats-io/transport-node"
import { readTls } from "../tls-settings.ts"
import type { NatsSettings } from "./nats.ts"

/** How long a connection, and an answer of JetStream, may take. */
const answerMs = 5000

/** How often a quiet connection is tried; one that leaves two unanswered is ended. */
const pingMs = 5000

export interface JetStreamLink {
  readonly connection: NatsConnection
  readonly manager: JetStreamManager
  /** Begins the subjects of JetStream's own requests. */
  readonly prefix: string
}

/** Throws a sentence for people, without a secret. */
export async function connectTo(settings: NatsSettings, clientId: string): Promise<JetStreamLink> {
  const { servers, user, password, token, credentials, domain, tls } = settings
  const wantsTls = tls !== undefined || servers.some((server) => server.startsWith("tls://"))
  try {
    const connection = await connect({
      servers,
      name: clientId,
      ...(user !== undefined && password !== undefined && { user, pass: password }),
      ...(token !== undefined && { token }),
      ...(credentials !== undefined && { authenticator: readCredentials(credentials) }),
      ...(wantsTls && { tls: readTls(tls ?? {}) as object }),
      // What was handed over and what is acknowledged belongs to one connection.
      reconnect: false,
      timeout: answerMs,
      pingInterval: pingMs,
      maxPingOut: 2,
    })
    // One that ends is told of by `closed()`; here nobody waits for it.
    connection.closed().catch(() => {})
    try {
      const options = { timeout: answerMs, ...(domain !== undefined && { domain }) }
      const manager = await jetstreamManager(connection, options)
      return { connection, manager, prefix: domain === undefined ? "$JS.API" : `$JS.${domain}.API` }
    } catch (error) {
      await connection.close()
      throw error
    }
  } catch (error) {
    throw new Error(`NATS at ${servers.join(", ")} ${reasonOf(error)}`, { cause: error })
  }
}

function readCredentials(path: string): Authenticator {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    throw new Error(`the file ${path} cannot be read`, { cause })
  }
  return credsAuthenticator(bytes)
}

/** Completes the sentence "NATS at … ". */
function reasonOf(error: unknown): string {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  if (name === "AuthorizationError" || name === "UserAuthenticationExpiredError")
    return `refuses this user, password, token or credentials (${message})`
  if (name === "JetStreamNotEnabled" || /jetstream.*not.*enabled|no responders/i.test(message))
    return "has no JetStream, or not for this account"
  return `cannot be used (${message})`
}
