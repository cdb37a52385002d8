// A server with keys and tokens, who may sign tokens for it, and every door that somebody could try.
import { SignJWT } from "jose"
import { makeKey } from "../../src/access/credentials/keys.ts"
import type { ConfigInput } from "../../src/config/config.ts"
import { serve, type Laba, type ServeOptions } from "../../src/server/index.ts"
import { RawConnection } from "../support/raw-tcp.ts"
import { openStompSocket } from "../support/stomp.ts"
import { sockJsServices } from "../support/transports.ts"
import { handshakeHeaders } from "../support/websocket-frames.ts"

export const secret = "the secret of the shop, 32 bytes or more"

/** A backend's key that may do everything. */
export const shop = makeKey("shop")

export const credentials = {
  keys: [{ name: "shop", sha256: shop.sha256, publish: ["/**"], listen: ["/**"], manage: ["/**"] }],
  tokens: { secret },
} as const satisfies ConfigInput

export interface Guarded extends AsyncDisposable {
  readonly base: string
  readonly laba: Laba
  /** What it wrote to its log. */
  readonly log: string[]
}

export async function startGuarded(options: ServeOptions = {}): Promise<Guarded> {
  const log: string[] = []
  const laba = await serve({
    ...credentials,
    ...sockJsServices("/c/1"),
    ...options,
    limits: { drainSeconds: 0, ...options.limits },
    listen: { port: 0, ...options.listen },
    log: { level: "debug", format: "json" },
    logTo: (line) => void log.push(line),
  })
  return { base: laba.url.replace(/\/+$/, ""), laba, log, [Symbol.asyncDispose]: () => laba.close() }
}

const encoder = new TextEncoder()
const base64url = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")

/** Seconds from now, as `exp` wants them. */
export const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds

/** A good token of a user, signed with the configured secret; claims may be changed. */
export function tokenFor(user: string | undefined, claims: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT({
    exp: inSeconds(600),
    iat: inSeconds(0),
    ...(user !== undefined && { sub: user }),
    ...claims,
  })
    .setProtectedHeader({ alg: "HS256" })
    .sign(encoder.encode(secret))
}

/** A token put together by hand: any header, any claims, any signature. */
export const handMade = (header: unknown, claims: unknown, signature = "AA"): string =>
  `${base64url(header)}.${base64url(claims)}.${signature}`

export const bearing = (credential: string | null): Record<string, string> =>
  credential === null ? {} : { Authorization: `Bearer ${credential}` }

/** Revokes by the backend API what `body` says. */
export const revoke = async ({ base }: Pick<Guarded, "base">, body: unknown): Promise<void> => {
  const headers = { ...bearing(shop.text), "Content-Type": "application/json" }
  const response = await fetch(`${base}/_/api/revoke`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  })
  if (response.status !== 204) throw new Error(`a revocation was answered ${response.status}`)
}

/** The answer to a handshake, whatever it is. */
export async function handshakeAt(
  base: string,
  target: string,
  headers: readonly string[] = [],
): Promise<{ status: number; code: string | null; headers: ReadonlyMap<string, string> }> {
  await using connection = await RawConnection.open(base)
  connection.request(`GET ${target}`, [`Host: ${new URL(base).host}`, ...handshakeHeaders, ...headers])
  const answer = await connection.answer()
  if (!answer) throw new Error("no answer to a handshake")
  return {
    status: answer.status,
    code: answer.status === 101 ? null : codeIn(answer.body),
    headers: answer.headers,
  }
}

const codeIn = (body: string): string => (JSON.parse(body) as { code: string }).code

/** The stable code of a refusal; `let in` when it was none. */
export async function codeOf(response: Response): Promise<string> {
  const isProblem = response.headers.get("content-type")?.startsWith("application/problem+json")
  if (isProblem) return ((await response.json()) as { code: string }).code
  await response.body?.cancel()
  return "let in"
}

interface Door {
  readonly name: string
  readonly action: "listen" | "publish" | "manage"
  /** What trying it says: a code, or `let in`. */
  try(base: string, channel: string, credential: string | null): Promise<string>
}

const door = (
  name: string,
  action: Door["action"],
  target: (channel: string) => string,
  init: RequestInit = {},
): Door => ({
  name,
  action,
  async try(base, channel, credential) {
    const abort = new AbortController()
    const headers = { ...(init.headers as Record<string, string>), ...bearing(credential) }
    const response = await fetch(base + target(channel), { ...init, headers, signal: abort.signal })
    const code = response.ok ? "let in" : await codeOf(response)
    abort.abort()
    return code
  },
})

const socketDoor = (name: string, target: (channel: string) => string, headers: readonly string[]): Door => ({
  name,
  action: "listen",
  async try(base, channel, credential) {
    const shown = credential === null ? [] : [`Authorization: Bearer ${credential}`]
    return (await handshakeAt(base, target(channel), [...headers, ...shown])).code ?? "let in"
  },
})

const stompDoor = (
  name: string,
  action: Door["action"],
  frame: (channel: string) => [command: string, headers: Record<string, string>],
): Door => ({
  name,
  action,
  async try(base, channel, credential) {
    await using client = await openStompSocket(base)
    client.send("CONNECT", { "accept-version": "1.2", ...(credential !== null && { passcode: credential }) })
    const [command, headers] = frame(channel)
    client.send(command, { ...headers, receipt: "in" })
    for (;;) {
      const answer = await client.frames.next()
      if (answer.command === "ERROR") return answer.headers["code"] ?? "no code"
      if (answer.command === "RECEIPT") return "let in"
    }
  },
})

const events = { headers: { Accept: "text/event-stream" } }
const itself = (channel: string): string => channel
const among = (place: string) => (channel: string) => `/_/${place}?channel=${encodeURIComponent(channel)}`

/** Every way to hear, to speak and to delete by one request. */
export const doors: readonly Door[] = [
  socketDoor("a raw WebSocket", itself, []),
  socketDoor("laba.v1 at the channel", itself, ["Sec-WebSocket-Protocol: laba.v1"]),
  door("an event stream", "listen", itself, events),
  door("a poll", "listen", (channel) => `${channel}?after=e-0`),
  door("the newest message", "listen", itself),
  door("a long-poll", "listen", (channel) => `${channel}?after=e-0&wait=1`),
  door("an event stream of many", "listen", among("events"), events),
  door("a poll of many", "listen", among("poll")),
  stompDoor("a SUBSCRIBE in STOMP", "listen", (channel) => ["SUBSCRIBE", { id: "0", destination: channel }]),
  stompDoor("a SEND in STOMP", "publish", (channel) => ["SEND", { destination: channel }]),
  door("a publish", "publish", itself, { method: "POST", body: "x" }),
  door("a deletion", "manage", itself, { method: "DELETE" }),
]
