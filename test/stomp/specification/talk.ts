// A client of one version by one carrier, and what comes of its frames.
import { expect } from "bun:test"
import { publish } from "../../support/publish.ts"
import { freshChannel } from "../../support/server.ts"
import { bodyText, type openStompSocket, type openStompTcp } from "../../support/stomp.ts"

type Client = Awaited<ReturnType<typeof openStompTcp | typeof openStompSocket>>
export type Version = "1.0" | "1.1" | "1.2"
export type Headers = Readonly<Record<string, string>>

/** What a specification demands: the section that says it, in our words, and whether it holds. */
export type Demand = readonly [section: string, says: string, holds: Holds]
export type Holds = (talk: Talk) => Promise<void>

interface TalkOptions {
  readonly version: Version
  /** Where the server speaks HTTP. */
  readonly base: string
  readonly open: () => Promise<Client>
}

/** A client by one carrier, of one version. */
export class Talk {
  readonly version: Version
  readonly channel = freshChannel("topic")
  /** Of its channel, over HTTP. */
  readonly url: string
  private readonly open: () => Promise<Client>
  private readonly clients: Client[] = []

  constructor({ version, base, open }: TalkOptions) {
    this.version = version
    this.url = base + this.channel
    this.open = open
  }

  /** Not connected in STOMP yet. */
  async opened(): Promise<Client> {
    const client = await this.open()
    this.clients.push(client)
    return client
  }

  async connected(headers: Headers = {}): Promise<Client> {
    const client = await this.opened()
    await client.connect({ "accept-version": this.version, ...headers })
    return client
  }

  async subscribed(headers: Headers = {}): Promise<Client> {
    const client = await this.connected()
    await client.subscribe(this.channel, headers)
    return client
  }

  async publish(...texts: readonly string[]): Promise<void> {
    for (const text of texts) await publish(this.url, text)
  }

  /** What acknowledges this message. */
  ackOf({ "message-id": id = "", subscription = "", ack = "" }: Headers): Headers {
    if (this.version === "1.2") return { id: ack }
    return { "message-id": id, ...(this.version === "1.1" && { subscription }) }
  }

  close(): void {
    for (const client of this.clients) client.close()
  }
}

/** It is told what is wrong, and its connection ends. */
export async function fails(client: Client): Promise<void> {
  await client.frame("ERROR")
  await client.ended.promise
  expect(client.frames.ready).toBe(0)
}

/** Each of these frames by itself ends a connection. */
export async function refuses(
  talk: Talk,
  frames: readonly (string | readonly [string, Headers?])[],
): Promise<void> {
  for (const frame of frames) {
    const client = await talk.connected()
    if (typeof frame === "string") client.sendRaw(frame)
    else client.send(...frame)
    await fails(client)
  }
}

/** Nothing has come before the answer to this. */
export async function nothing(client: Client): Promise<void> {
  client.send("BEGIN", { transaction: "look", receipt: "look" })
  client.send("ABORT", { transaction: "look" })
  expect((await client.frame("RECEIPT")).headers["receipt-id"]).toBe("look")
}

export async function heard(client: Client): Promise<string> {
  return bodyText(await client.frame("MESSAGE"))
}
