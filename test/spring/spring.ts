// Spring's own clients and servers, in one JVM that does what a test says. The program is in `java/`.
import { join } from "node:path"
import { Inbox } from "../support/inbox.ts"
import { type JavaProgram, startJava } from "./java-program.ts"

type Headers = Readonly<Record<string, readonly string[]>>

/** A client's way to a server. */
export type SpringTransport = "websocket" | "sockjs websocket" | "sockjs xhr_streaming" | "sockjs xhr"

/** How a client reads and writes payloads: the names of Spring's converters, shortened. Bytes travel as Base64 between it and the test. */
type Converter = "string" | "json" | "bytes"

/** What happened to a client. */
interface SpringEvent {
  /** A MESSAGE; an ERROR; a frame that the client could not read; the end of the connection. */
  readonly event: "message" | "error" | "exception" | "ended"
  readonly headers?: Headers
  readonly payload?: unknown
  readonly text?: string
}

interface ClientOptions {
  readonly url: string
  readonly transport?: SpringTransport
  readonly converter?: Converter
  /** Bytes at which a frame is split into several messages of the WebSocket. Default: never. */
  readonly splitAt?: number
  /** Both ways; 0 is none. */
  readonly beatMs?: number
  /** Of CONNECT. */
  readonly headers?: Readonly<Record<string, string>>
  /** Of the HTTP request that opens the WebSocket. */
  readonly handshake?: Readonly<Record<string, string>>
}

interface ServerOptions {
  readonly relayPort: number
  /** `setPreserveReceiveOrder`: what one client sends is relayed in order. Spring 6.2 then gives messages to a user to one of its sessions alone. */
  readonly keepsReceiveOrder?: boolean
  readonly passcode?: string
  /** A file: the relay speaks TLS and trusts this certificate alone. */
  readonly certificate?: string
}

/** Of one header the first value. */
export const headerOf = (headers: Headers | undefined, name: string): string | undefined =>
  headers?.[name]?.[0]

export class Spring implements AsyncDisposable {
  private readonly program: JavaProgram
  private readonly waiting = new Map<number, PromiseWithResolvers<unknown>>()
  private readonly events = new Map<string, Inbox<SpringEvent>>()
  private commands = 0
  private names = 0

  private constructor(program: JavaProgram) {
    this.program = program
    void this.readLines()
    void program.ended.then((why) => this.failAll(why))
  }

  static async start(): Promise<Spring> {
    return new Spring(await startJava({ sources: join(import.meta.dir, "java"), main: "laba.Commands" }))
  }

  async connect(options: ClientOptions): Promise<SpringClient> {
    const name = `client ${this.names++}`
    const inbox = new Inbox<SpringEvent>(name)
    this.events.set(name, inbox)
    const connected = await this.command<Headers>("connect", name, options)
    return new SpringClient(this, name, { inbox, connected })
  }

  async serve(options: ServerOptions): Promise<SpringServer> {
    const name = `server ${this.names++}`
    return new SpringServer(this, name, await this.command<number>("serve", name, options))
  }

  command<T>(word: string, name: string, more: object = {}): Promise<T> {
    const id = this.commands++
    const answer = Promise.withResolvers<unknown>()
    this.waiting.set(id, answer)
    this.program.write(JSON.stringify({ ...more, id, do: word, name }))
    return answer.promise as Promise<T>
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]()
  }

  private async readLines(): Promise<void> {
    for await (const line of this.program.lines()) this.take(JSON.parse(line))
  }

  private take(line: { id?: number; answer?: unknown; error?: string; client?: string } & SpringEvent): void {
    if (line.id === undefined) return this.events.get(line.client as string)?.push(line)
    const waiting = this.waiting.get(line.id)
    this.waiting.delete(line.id)
    if (line.error === undefined) waiting?.resolve(line.answer)
    else waiting?.reject(new Error(line.error))
  }

  private failAll(why: string): void {
    for (const { reject } of this.waiting.values()) reject(new Error(why))
    for (const inbox of this.events.values()) inbox.fail(why)
  }
}

interface ClientFacts {
  readonly inbox: Inbox<SpringEvent>
  readonly connected: Headers
}

/** Each of its words is answered when the server's receipt has come. */
class SpringClient implements AsyncDisposable {
  readonly inbox: Inbox<SpringEvent>
  /** The headers of CONNECTED. */
  readonly connected: Headers
  private readonly spring: Spring
  private readonly name: string

  constructor(spring: Spring, name: string, { inbox, connected }: ClientFacts) {
    this.spring = spring
    this.name = name
    this.inbox = inbox
    this.connected = connected
  }

  /** Answers the headers of the receipt. */
  subscribe(destination: string, headers: Readonly<Record<string, string>> = {}): Promise<Headers> {
    return this.spring.command("subscribe", this.name, { destination, headers })
  }

  unsubscribe(destination: string): Promise<string> {
    return this.spring.command("unsubscribe", this.name, { destination })
  }

  send(
    destination: string,
    payload: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Headers> {
    return this.spring.command("send", this.name, { destination, payload, headers })
  }

  /** `ack`: the header of the MESSAGE. `consumed` false is a NACK. */
  acknowledge(ack: string, consumed = true): Promise<Headers> {
    return this.spring.command("acknowledge", this.name, { ack, consumed })
  }

  /** The next event, which must be a message. */
  async message(): Promise<SpringEvent> {
    const next = await this.inbox.next()
    if (next.event === "message") return next
    throw new Error(`expected a message, heard ${JSON.stringify(next)}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.spring.command("disconnect", this.name).catch(() => undefined)
  }
}

/** A Spring Boot server that relays. */
export class SpringServer implements AsyncDisposable {
  readonly port: number
  private readonly spring: Spring
  private readonly name: string

  constructor(spring: Spring, name: string, port: number) {
    this.spring = spring
    this.name = name
    this.port = port
  }

  /** `SimpMessagingTemplate.convertAndSend`. */
  publish(
    destination: string,
    payload: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    return this.spring.command("publish", this.name, { destination, payload, headers })
  }

  /** `SimpMessagingTemplate.convertAndSendToUser`. */
  tell(user: string, destination: string, payload: unknown): Promise<string> {
    return this.spring.command("tell", this.name, { user, destination, payload })
  }

  /** Whom its `SimpUserRegistry` knows, here and on other servers. */
  users(): Promise<string[]> {
    return this.spring.command("users", this.name)
  }

  /** Whether its own connection to the broker stands. */
  isAvailable(): Promise<boolean> {
    return this.spring.command("isAvailable", this.name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.spring.command("stop", this.name).catch(() => undefined)
  }
}
