// The same frames to RabbitMQ's STOMP and to ours, over WebSockets: what is answered is alike, but for what is listed here with its reason.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { rabbitmq } from "../../bench/peers/rabbitmq.ts"
import { type OwnServer, startServer } from "../support/server.ts"
import { bodyText, openStompSocket, type StompFrame } from "../support/stomp.ts"

let ours: OwnServer
let theirs: Awaited<ReturnType<typeof rabbitmq.start>>

beforeAll(async () => {
  ours = await startServer()
  theirs = await rabbitmq.start()
}, 60_000)
afterAll(async () => {
  await ours[Symbol.asyncDispose]()
  await theirs[Symbol.asyncDispose]()
}, 20_000)

/** Headers that both must give alike. Each server has others of its own. */
const compared = ["version", "receipt-id", "subscription", "destination", "content-type", "colour", "x:y"]

/** What came of a frame, as far as it is compared. What an ERROR says is each server's own: RabbitMQ names no receipt in it. */
function told(frame: StompFrame): string {
  if (frame.command === "ERROR") return "ERROR"
  const headers = compared.flatMap((name) =>
    name in frame.headers ? [`${name}=${frame.headers[name]}`] : [],
  )
  const body = frame.command === "MESSAGE" ? ` ${JSON.stringify(bodyText(frame))}` : ""
  return [frame.command, ...headers].join(" ") + body
}

type Step = string | readonly [command: string, headers: Record<string, string>, body?: string]

const connect = (versions = "1.2"): Step => [
  "CONNECT",
  { "accept-version": versions, host: "/", login: "guest", passcode: "guest" },
]
/** The last: RabbitMQ answers no receipt to DISCONNECT over a WebSocket. */
const bye: Step = ["SEND", { destination: "/topic/the.end", receipt: "bye" }, "x"]

let names = 0

const lastMessageMs = 200

/** All that a server answers to a stream of frames, until it has ended the connection. `@` is a destination of this run alone. */
async function transcript(base: string, path: string, steps: readonly Step[]): Promise<string[]> {
  const destination = `/topic/run.${process.pid}.${names++}`
  const client = await openStompSocket(base, { path })
  const spelled = (text: string): string => text.replaceAll("@", destination)
  const lines: string[] = []
  const taking = (async () => {
    for (;;) {
      const frame = await client.frames.next(15_000).catch(() => null)
      if (frame === null) return
      lines.push(told(frame).replaceAll(destination, "@"))
      // RabbitMQ leaves a connection open for a while behind its last frame.
      if (frame.command === "ERROR" || frame.headers["receipt-id"] === "bye") return
      // The next is sent once this was answered, so that the order of answers is no matter of luck.
      if (frame.command !== "MESSAGE") step()
    }
  })()
  const rest = [...steps]
  function step(): void {
    const next = rest.shift()
    if (next === undefined) return
    if (typeof next === "string") return client.sendRaw(spelled(next))
    const [command, headers, body] = next
    const entries = Object.entries(headers).map(([name, value]) => [name, spelled(value)])
    client.send(command, Object.fromEntries(entries), body)
  }
  step()
  await taking
  // A message may come behind the receipt of what was sent after it.
  await Bun.sleep(lastMessageMs)
  while (client.frames.ready > 0) lines.push(told(await client.frames.next()).replaceAll(destination, "@"))
  client.close()
  return lines
}

const receipt = (name: string): Record<string, string> => ({ receipt: name })

/** Alike on both. */
const alike: Readonly<Record<string, readonly Step[]>> = {
  "the highest common version": [connect("1.0,1.1,2.0"), bye],
  "no version: 1.0": [["CONNECT", { login: "guest", passcode: "guest" }], bye],
  "STOMP for CONNECT": [
    ["STOMP", { "accept-version": "1.2", host: "/", login: "guest", passcode: "guest" }],
    bye,
  ],
  "a message to who listens, with its headers": [
    connect(),
    ["SUBSCRIBE", { id: "sub-7", destination: "@", ...receipt("in") }],
    [
      "SEND",
      {
        destination: "@",
        colour: "red: dark\n",
        "x:y": "\\",
        "content-type": "application/json",
        ...receipt("out"),
      },
      '{"a":1}',
    ],
    bye,
  ],
  "a NUL within a body of a known length": [
    connect(),
    ["SUBSCRIBE", { id: "0", destination: "@", ...receipt("in") }],
    [
      "SEND",
      { destination: "@", "content-length": "5", "content-type": "text/x", ...receipt("out") },
      "a\0b\0c",
    ],
    bye,
  ],
  "a transaction that is committed, and one that is aborted": [
    connect(),
    ["SUBSCRIBE", { id: "0", destination: "@", ...receipt("in") }],
    // RabbitMQ answers what is in a transaction at its end.
    "BEGIN\ntransaction:a\n\n\0SEND\ndestination:@\ntransaction:a\ncontent-type:text/x\n\nnever\0ABORT\ntransaction:a\n\n\0BEGIN\ntransaction:b\n\n\0SEND\ndestination:@\ntransaction:b\ncontent-type:text/x\n\nkept\0COMMIT\ntransaction:b\nreceipt:done\n\n\0",
    bye,
  ],
  "nothing after UNSUBSCRIBE": [
    connect(),
    ["SUBSCRIBE", { id: "0", destination: "@", ...receipt("in") }],
    ["UNSUBSCRIBE", { id: "0", ...receipt("left") }],
    ["SEND", { destination: "@", ...receipt("out") }, "unheard"],
    bye,
  ],
  "no more than prefetch-count": [
    connect(),
    ["SUBSCRIBE", { id: "0", destination: "@", ack: "client", "prefetch-count": "1", ...receipt("in") }],
    ["SEND", { destination: "@", "content-type": "text/x", ...receipt("1") }, "one"],
    ["SEND", { destination: "@", "content-type": "text/x", ...receipt("2") }, "two"],
    bye,
  ],
  "an unknown command": [connect(), "SHOUT\nreceipt:r\n\n\0"],
  "a SUBSCRIBE without a destination": [connect(), ["SUBSCRIBE", { id: "0", ...receipt("r") }]],
  "a SEND without a destination": [connect(), ["SEND", receipt("r"), "x"]],
  "an ACK of nothing": [connect(), ["ACK", { id: "x", ...receipt("r") }]],
  "a COMMIT of nothing": [connect(), ["COMMIT", { transaction: "x", ...receipt("r") }]],
  "an UNSUBSCRIBE of nothing": [connect(), ["UNSUBSCRIBE", { id: "x", ...receipt("r") }]],
  "no common version": [connect("2.1")],
}

/** Not alike: what each answers, and why ours does. */
const unlike: Readonly<
  Record<string, { steps: readonly Step[]; here: readonly string[]; there: readonly string[] }>
> = {
  "a SUBSCRIBE without an id is an error here, since STOMP 1.2 says that it MUST have one": {
    steps: [connect(), ["SUBSCRIBE", { destination: "@", ...receipt("r") }], bye],
    here: ["CONNECTED version=1.2", "ERROR"],
    there: ["CONNECTED version=1.2", "RECEIPT receipt-id=r", "RECEIPT receipt-id=bye"],
  },
}

describe("beside RabbitMQ", () => {
  for (const [name, { steps, here, there }] of Object.entries(unlike))
    test(`[T13] ${name}`, async () => {
      expect(await transcript(ours.base, "/_/stomp", steps)).toEqual([...here])
      expect(await transcript(`http://127.0.0.1:${theirs.port}`, "/ws", steps)).toEqual([...there])
    }, 40_000)

  for (const [name, steps] of Object.entries(alike))
    test(`[T2] [T12] [T13] [T16] [T18] [T19] [T20] answers alike: ${name}`, async () => {
      const [here, there] = await Promise.all([
        transcript(ours.base, "/_/stomp", steps),
        transcript(`http://127.0.0.1:${theirs.port}`, "/ws", steps),
      ])
      // A MESSAGE and the receipt of its SEND come in either order.
      expect({ name, answers: here.toSorted() }).toEqual({ name, answers: there.toSorted() })
    }, 40_000)
})
