// What several versions demand.
import { expect } from "bun:test"
import { eventually } from "../../support/eventually.ts"
import { freshChannel } from "../../support/server.ts"
import { bodyText } from "../../support/stomp.ts"
import { type Demand, fails, heard, type Headers, type Holds, nothing, refuses, type Talk } from "./talk.ts"

const neverTrims: Holds = async (talk) => {
  const client = await talk.subscribed()
  client.sendRaw(`SEND\ndestination:${talk.channel}\nx:  padded \n\nhello\0`)
  expect((await client.frame("MESSAGE")).headers["x"]).toBe("  padded ")
}

export const hasNoBodies: Holds = (talk) =>
  refuses(talk, ["BEGIN\ntransaction:t\n\nbody\0", `SUBSCRIBE\nid:0\ndestination:${talk.channel}\n\nbody\0`])

export const readsSoManyOctets: Holds = async (talk) => {
  const client = await talk.subscribed()
  client.sendRaw(`SEND\ndestination:${talk.channel}\ncontent-type:text/x\ncontent-length:5\n\na\0b\0c\0`)
  expect(await heard(client)).toBe("a\0b\0c")
  client.sendRaw(`SEND\ndestination:${talk.channel}\ncontent-length:1\n\nab\0`)
  await fails(client)
}

const tellsLengths: Holds = async (talk) => {
  const client = await talk.subscribed()
  await fetch(talk.url, {
    method: "POST",
    body: "a\0b",
    headers: { "Content-Type": "text/plain" },
  })
  const { headers, body } = await client.frame("MESSAGE")
  expect([headers["content-length"], body.length]).toEqual(["3", 3])
}

const speaksUtf8: Holds = async (talk) => {
  const client = await talk.subscribed()
  client.send("SEND", { destination: talk.channel, 色: "é 日本 👩‍🍳" }, "四 👩‍🍳")
  const frame = await client.frame("MESSAGE")
  expect([frame.headers["色"], bodyText(frame)]).toEqual(["é 日本 👩‍🍳", "四 👩‍🍳"])
}

export const bearsHaste: Holds = async (talk) => {
  for (let each = 0; each < 50; each++) (await talk.connected()).close()
  const client = await talk.subscribed()
  await talk.publish("still here")
  expect(await heard(client)).toBe("still here")
}

const tellsItsVersion: Holds = async (talk) => {
  const client = await talk.opened()
  expect((await client.connect({ "accept-version": talk.version })).headers["version"]).toBe(talk.version)
}

const tellsItsName: Holds = async (talk) => {
  const client = await talk.opened()
  const { headers } = await client.connect({ "accept-version": talk.version })
  expect(headers["server"]).toMatch(/^[^\s/]+(\/\S+)?( .*)?$/)
}

const knowsOneZeroBySilence: Holds = async (talk) => {
  const client = await talk.opened()
  client.send("CONNECT", { host: "x" })
  expect((await client.frame("CONNECTED")).headers["version"]).toBe("1.0")
  const hostless = await talk.opened()
  hostless.send("CONNECT", { "accept-version": talk.version })
  expect((await hostless.frame("CONNECTED")).headers["version"]).toBe(talk.version)
}

const hasDestination = (talk: Talk): Promise<void> =>
  refuses(talk, [["SEND"], ["SUBSCRIBE", { id: "0" }], ["SEND", { destination: "" }]])

const passesHeadersOn: Holds = async (talk) => {
  const client = await talk.subscribed()
  client.send("SEND", { destination: talk.channel, colour: "red", priority: "9", persistent: "true" }, "x")
  expect((await client.frame("MESSAGE")).headers).toMatchObject({
    colour: "red",
    priority: "9",
    persistent: "true",
  })
}

const refusesSends: Holds = (talk) =>
  refuses(talk, [
    ["SEND", { destination: "/no//channel" }],
    ["SEND", { destination: talk.channel, transaction: "unknown" }],
  ])

const refusesSubscribes: Holds = (talk) =>
  refuses(talk, [
    ["SUBSCRIBE", { id: "0", destination: "/no//channel" }],
    ["SUBSCRIBE", { id: "0", destination: talk.channel, ack: "sometimes" }],
  ])

const hasSubscriptionIds: Holds = (talk) => refuses(talk, [["SUBSCRIBE", { destination: talk.channel }]])

const keepsSubscriptionsApart: Holds = async (talk) => {
  const client = await talk.subscribed({ id: "a" })
  client.send("SUBSCRIBE", { id: "a", destination: freshChannel("topic") })
  await fails(client)
}

export const acknowledgesAllBefore: Holds = async (talk) => {
  const client = await talk.subscribed({ ack: "client", "prefetch-count": "2" })
  await talk.publish("1", "2", "3", "4")
  await client.frame("MESSAGE")
  const second = await client.frame("MESSAGE")
  client.send("ACK", talk.ackOf(second.headers))
  expect([await heard(client), await heard(client)]).toEqual(["3", "4"])
}

const acknowledgesOne =
  (command: "ACK" | "NACK"): Holds =>
  async (talk) => {
    const client = await talk.subscribed({ ack: "client-individual", "prefetch-count": "2" })
    await talk.publish("1", "2", "3", "4")
    await client.frame("MESSAGE")
    const second = await client.frame("MESSAGE")
    client.send(command, talk.ackOf(second.headers))
    // The first still takes its place: there is room for one more alone.
    expect(await heard(client)).toBe("3")
    await nothing(client)
  }

export const unsubscribesById: Holds = (talk) =>
  refuses(talk, [
    ["UNSUBSCRIBE", { destination: talk.channel }],
    ["UNSUBSCRIBE", { id: "unknown" }],
  ])

export const isHeardNoMore: Holds = async (talk) => {
  const client = await talk.subscribed()
  client.send("UNSUBSCRIBE", { id: "0", receipt: "out" })
  await client.frame("RECEIPT")
  await talk.publish("unheard")
  await nothing(client)
}

const namesTransactions =
  (command: string): Holds =>
  (talk) =>
    refuses(talk, [[command]])

const knowsTransactions =
  (command: string): Holds =>
  (talk) =>
    refuses(talk, [[command], [command, { transaction: "unknown" }]])

const keepsTransactionsApart: Holds = (talk) =>
  refuses(talk, ["BEGIN\ntransaction:t\n\n\0BEGIN\ntransaction:t\n\n\0"])

const isOverAtDisconnect: Holds = async (talk) => {
  const client = await talk.connected()
  client.send("DISCONNECT", { receipt: "77" })
  client.send("SEND", { destination: talk.channel }, "too late")
  expect((await client.frame("RECEIPT")).headers["receipt-id"]).toBe("77")
  await client.ended.promise
  expect((await fetch(talk.url)).status).toBe(204)
}

const namesDestinations: Holds = async (talk) => {
  const client = await talk.subscribed()
  client.send("SEND", { destination: talk.channel }, "x")
  expect((await client.frame("MESSAGE")).headers["destination"]).toBe(talk.channel)
}

const namesMessages: Holds = async (talk) => {
  const client = await talk.subscribed({ id: "mine" })
  await talk.publish("1", "2")
  const [one, two] = [(await client.frame("MESSAGE")).headers, (await client.frame("MESSAGE")).headers]
  expect([one["subscription"], two["subscription"]]).toEqual(["mine", "mine"])
  expect(one["message-id"]).toBeString()
  expect(one["message-id"]).not.toBe(two["message-id"] as string)
}

const answersReceipts: Holds = async (talk) => {
  const client = await talk.connected()
  const steps: readonly (readonly [string, Headers])[] = [
    ["SUBSCRIBE", { id: "0", destination: talk.channel }],
    ["BEGIN", { transaction: "t" }],
    ["ABORT", { transaction: "t" }],
    ["SEND", { destination: freshChannel("topic") }],
    ["UNSUBSCRIBE", { id: "0" }],
    ["DISCONNECT", {}],
  ]
  for (const [command, headers] of steps) {
    client.send(command, { ...headers, receipt: `of ${command}` })
    const { headers: answer, body } = await client.frame("RECEIPT")
    expect([answer["receipt-id"], body.length]).toEqual([`of ${command}`, 0])
  }
}

const endsBehindErrors: Holds = async (talk) => {
  const client = await talk.connected()
  client.sendRaw(`SHOUT\n\n\0SEND\ndestination:${talk.channel}\n\nnever\0`)
  await fails(client)
  expect((await fetch(talk.url)).status).toBe(204)
}

const readsBeats: Holds = async (talk) => {
  for (const beats of ["1000", "x,y", "1000,-1", "1,2,3"]) {
    const client = await talk.opened()
    client.send("CONNECT", { "accept-version": talk.version, "heart-beat": beats })
    await fails(client)
  }
  const client = await talk.opened()
  const { headers } = await client.connect({ "accept-version": talk.version, "heart-beat": "0,1000" })
  expect(headers["heart-beat"]).toMatch(/^\d+,\d+$/)
}

const beatsNotUnasked: Holds = async (talk) => {
  const client = await talk.connected()
  await Bun.sleep(2500)
  // Neither does it beat, nor is it cut for being silent.
  expect(client.beats).toBe(0)
  await nothing(client)
}

const beats: Holds = async (talk) => {
  const client = await talk.connected({ "heart-beat": "0,1000" })
  await eventually(() => expect(client.beats).toBeGreaterThanOrEqual(2))
}

const acceptVersions = "a client names its versions, else it speaks 1.0; without a host it is let in"
export const shared = {
  trim: ["Value Encoding", "headers are never trimmed or padded", neverTrims],
  octets: [
    "Header content-length",
    "so many octets are read, NULL or not, and a NULL follows",
    readsSoManyOctets,
  ],
  lengths: ["Header content-length", "a body that holds NULL has a content-length", tellsLengths],
  utf8: ["Header content-type", "UTF-8 is read and written", speaksUtf8],
  version: ["CONNECTED Frame", "the version is named", tellsItsVersion],
  server: ["CONNECTED Frame", "the field server has a name", tellsItsName],
  accept: ["Protocol Negotiation", acceptVersions, knowsOneZeroBySilence],
  twoBeats: ["Heart-beating", "the header is two whole numbers with a comma between", readsBeats],
  noBeats: ["Heart-beating", "a missing header is 0,0", beatsNotUnasked],
  beats: ["Heart-beating", "something is sent each time, at least the end of a line", beats],
  destination: ["SEND", "a destination is required, of SUBSCRIBE too", hasDestination],
  headers: ["SEND", "the user's own headers are passed through", passesHeadersOn],
  send: ["SEND", "what cannot be done is an ERROR and the end", refusesSends],
  subscribe: ["SUBSCRIBE", "what cannot be done is an ERROR and the end", refusesSubscribes],
  id: ["SUBSCRIBE id Header", "an id is included", hasSubscriptionIds],
  ids: ["SUBSCRIBE id Header", "subscriptions of a connection have different ids", keepsSubscriptionsApart],
  client: ["SUBSCRIBE ack Header", "an ACK in the mode client is about all before it", acknowledgesAllBefore],
  ack: [
    "SUBSCRIBE ack Header",
    "an ACK of client-individual is about no other message",
    acknowledgesOne("ACK"),
  ],
  nack: ["SUBSCRIBE ack Header", "nor is a NACK", acknowledgesOne("NACK")],
  unsubscribe: ["UNSUBSCRIBE", "an id is included, that of a subscription", unsubscribesById],
  begin: ["BEGIN", "the header transaction is required", namesTransactions("BEGIN")],
  begins: ["BEGIN", "transactions of a connection have different names", keepsTransactionsApart],
  commit: ["COMMIT", "the header transaction is required, and names one", knowsTransactions("COMMIT")],
  abort: ["ABORT", "the header transaction is required, and names one", knowsTransactions("ABORT")],
  disconnect: ["DISCONNECT", "nothing is sent behind it", isOverAtDisconnect],
  to: ["MESSAGE", "the destination is named", namesDestinations],
  ofWhich: ["MESSAGE", "each has an id of its own, and its subscription's", namesMessages],
  receipt: ["RECEIPT", "it names the receipt that was asked for, and has no body", answersReceipts],
  error: ["ERROR", "the connection is closed behind it", endsBehindErrors],
} as const satisfies Record<string, Demand>
