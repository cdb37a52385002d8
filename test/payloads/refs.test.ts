// [L10] A ref goes back as the text that it came as: in every answer and in errors, over a socket and in sessions.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { Inbox } from "../support/inbox.ts"
import { type OwnServer, startServer } from "../support/server.ts"

setDefaultTimeout(60_000)

let server: OwnServer
beforeAll(async () => {
  server = await startServer({ logTo: () => {}, channels: { "/room": { presence: true } } })
})
afterAll(() => server[Symbol.asyncDispose]())

const refs = [
  "1",
  "1.0",
  "-0",
  "1E+2",
  "1e400",
  "9007199254740993",
  '""',
  '"a"',
  String.raw`"\u0041\/"`,
  String.raw`"\ud800"`,
  '"喇\u2028"',
  `"${"x".repeat(64)}"`,
]

/** Commands without their ref, and the op of the answer. */
const commands: readonly (readonly [members: string, op: string])[] = [
  ['"op":"ping"', "pong"],
  ['"op":"subscribe","channel":"/room"', "subscribed"],
  ['"op":"presence","channel":"/room"', "presence"],
  ['"op":"publish","channel":"/other","data":1', "published"],
  ['"op":"unsubscribe","channel":"/room"', "unsubscribed"],
  ['"op":"publish","channel":"/other","data":1,"type":"text/plain"', "error"],
  ['"op":"fly"', "error"],
  ['"op":"subscribe"', "error"],
]

test("[L10] over a WebSocket", async () => {
  const socket = new WebSocket(`${server.base.replace("http", "ws")}/_/ws`, ["laba.v1"])
  const frames = new Inbox<string>("frames")
  socket.onmessage = ({ data }) => frames.push(data as string)
  await frames.next()
  for (const [members, op] of commands)
    for (const ref of refs) {
      socket.send(`{"ref":${ref},${members}}`)
      const start = `{"op":"${op}","ref":${ref}`
      expect((await frames.next()).slice(0, start.length + 1)).toBe(start + (op === "pong" ? "}" : ","))
    }
  socket.close()
})

test("[L10] in a session", async () => {
  const opened = await (await fetch(`${server.base}/_/session`, { method: "POST" })).text()
  const url = `${server.base}/_/session/${/"connection":"([^"]+)"/.exec(opened)?.[1]}`
  const body = `[${refs.map((ref) => `{"op":"ping", "ref" : ${ref} }`).join(",")}]`
  expect((await fetch(url, { method: "POST", body })).status).toBe(202)
  const said = await (await fetch(`${url}?ack=1&wait=5`)).text()
  expect(said).toContain(refs.map((ref) => `{"op":"pong","ref":${ref}}`).join(","))
  await fetch(url, { method: "DELETE" })
})
