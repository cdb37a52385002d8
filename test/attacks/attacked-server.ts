// A server configured as for production, in a process of its own: keys, tokens by secret and by JWKS, rules, hooks, origins and a
// trusted proxy, so that an attacker comes from an address that is counted. Beside it those who must not notice.
import { exportJWK, generateKeyPair } from "jose"
import { cpuMicrosecondsOf, residentBytesOf } from "../../bench/measure/process-cost.ts"
import { freePort } from "../../bench/peers/free-port.ts"
import type { ConfigInput } from "../../src/server/index.ts"
import { credentials, shop } from "../access/guarded.ts"
import type { LabaListener } from "../support/laba-socket.ts"
import { listenByLaba } from "../support/laba-socket.ts"
import { type ServerProcess, startProcess } from "../support/process.ts"

/** Where the attacker comes from, as the proxy says. */
export const attackerAddress = "203.0.113.7"
export const via = (address = attackerAddress): Record<string, string> => ({ "X-Forwarded-For": address })
export const viaLine = `X-Forwarded-For: ${attackerAddress}`

const origin = "https://shop.example"

const channels = {
  "/open/**": { listen: "anyone", publish: "anyone" },
  "/news/**": { listen: "anyone" },
  "/latest/**": { listen: "anyone", slow: "latest" },
  "/hooked/**": { listen: "anyone", publish: "anyone" },
  "/closed/**": { listen: "token" },
  "/watched/**": { listen: "anyone", history: { count: 10_000, bytes: "4MB", time: "1h" } },
} as const satisfies ConfigInput["channels"]

/** The shop's own backend: answers hooks after a while, and has the keys of its tokens. */
class Backend implements AsyncDisposable {
  /** How long it takes to answer a `register`, and what it answers. */
  answerMs = 0
  isRefusing = false
  private readonly server: Bun.Server<undefined>

  constructor(jwks: object) {
    this.server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      development: false,
      fetch: async (request) => {
        if (new URL(request.url).pathname === "/jwks") return Response.json(jwks)
        await Bun.sleep(this.answerMs)
        return this.isRefusing
          ? Response.json({ code: "forbidden", detail: "Not you." }, { status: 403 })
          : new Response(null, { status: 204 })
      },
    })
  }

  get url(): string {
    return `http://127.0.0.1:${this.server.port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop(true)
  }
}

export class AttackedServer implements AsyncDisposable {
  readonly backend: Backend
  /** Where it speaks STOMP over TCP. */
  readonly stompPort: number
  private readonly server: ServerProcess
  private readonly listener: LabaListener
  private readonly watched: string
  private heard = 0

  private constructor(parts: {
    backend: Backend
    server: ServerProcess
    listener: LabaListener
    watched: string
    stompPort: number
  }) {
    this.stompPort = parts.stompPort
    this.backend = parts.backend
    this.server = parts.server
    this.listener = parts.listener
    this.watched = parts.watched
  }

  static async start(overrides: ConfigInput = {}): Promise<AttackedServer> {
    const { publicKey } = await generateKeyPair("RS256")
    const backend = new Backend({ keys: [{ ...(await exportJWK(publicKey)), kid: "1", alg: "RS256" }] })
    const stompPort = freePort()
    const config: ConfigInput = {
      ...credentials,
      stomp: { tcp: stompPort, paths: ["/websocket"] },
      tokens: {
        ...credentials.tokens,
        otherIssuers: [{ jwks: `${backend.url}/jwks`, issuer: "https://id.example", userPrefix: "id." }],
        cookie: "laba",
        inQuery: true,
        issuer: origin,
        userPrefix: "",
      },
      origins: [origin],
      proxies: ["127.0.0.1"],
      hooks: [
        {
          pattern: "/hooked/**",
          register: `${backend.url}/hook`,
          secret: "a secret of hooks of 32 bytes or more",
          privateAddresses: ["127.0.0.1"],
          handshake: false,
        },
      ],
      ...overrides,
      channels: { ...channels, ...overrides.channels },
      limits: { drainSeconds: 0, ...overrides.limits },
    }
    const server = await startProcess({ config })
    const watched = `/watched/${crypto.randomUUID()}`
    const listener = await listenByLaba(server.base, watched)
    await listener.frame("subscribed")
    const attacked = new AttackedServer({ backend, server, listener, watched, stompPort })
    await attacked.serveOthers()
    return attacked
  }

  get base(): string {
    return this.server.base
  }

  get host(): string {
    return new URL(this.base).host
  }

  /** Everything that it wrote to its log. */
  get log(): string {
    return this.server.printed
  }

  /** Messages of others that were published and heard. */
  get othersHeard(): number {
    return this.heard
  }

  /** Publishes and listens as others do. Throws when they are not served. */
  async serveOthers(): Promise<void> {
    const text = String(this.heard + 1)
    const response = await this.withKey(this.watched, { method: "POST", body: text })
    if (response.status !== 201)
      throw new Error(`the shop's publish was answered ${response.status} ${await response.text()}`)
    const { data } = await this.listener.frame("message")
    if (String(data) !== text) throw new Error(`the listener heard ${String(data)} in place of ${text}`)
    this.heard++
  }

  /** A request of the shop's backend. */
  withKey(target: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.base + target, {
      ...init,
      headers: { Authorization: `Bearer ${shop.text}`, ...(init.headers as Record<string, string>) },
    })
  }

  /** A request of the attacker's, who has no credential. */
  asAttacker(target: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.base + target, {
      ...init,
      headers: { ...via(), ...(init.headers as Record<string, string>) },
    })
  }

  /** Messages that a channel keeps. */
  async kept(channel: string): Promise<number> {
    const { headers } = await this.withKey(channel, { method: "HEAD" })
    return Number(headers.get("laba-history-length"))
  }

  get memoryBytes(): number {
    return residentBytesOf(this.server.serverPid)
  }

  get cpuMs(): number {
    return cpuMicrosecondsOf(this.server.serverPid) / 1000
  }

  /** One of its own numbers, labels and all summed. */
  async metric(name: string): Promise<number> {
    const text = await (await this.withKey("/_/metrics")).text()
    const found = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9.e+-]+)$`, "gm"))]
    if (found.length === 0) throw new Error(`/_/metrics has no ${name}`)
    return found.reduce((sum, match) => sum + Number(match[1]), 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.listener[Symbol.asyncDispose]()
    await this.server[Symbol.asyncDispose]()
    await this.backend[Symbol.asyncDispose]()
  }
}
