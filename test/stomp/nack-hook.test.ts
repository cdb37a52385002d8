// What STOMP clients could not take, told to a backend in another process that checks every field it is sent.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { type BackendProcess, local, secret, startBackend } from "../hooks/backend-process.ts"
import { startProcess } from "../support/process.ts"
import { numbers, publishAll } from "../support/publish.ts"
import { freshChannel, type OwnServer, startServer } from "../support/server.ts"
import { openStompSocket, openStompTcp } from "../support/stomp.ts"

setDefaultTimeout(60_000)

let backend: BackendProcess
let server: OwnServer

beforeAll(async () => {
  backend = await startBackend("laba-backend.ts", { secret })
  const nack = backend.url()
  server = await startServer({
    logTo: () => {},
    stomp: { tcp: 0 },
    hooks: [{ pattern: "/work/**", nack, unregister: nack, register: nack, subscribe: nack, ...local }],
  })
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await backend[Symbol.asyncDispose]()
})

for (const transport of ["websocket", "tcp"] as const)
  test(`[T17, H19] a NACK by ${transport} is told to the backend of its channel, with all that it is about`, async () => {
    const channel = freshChannel("work")
    await using client =
      transport === "tcp"
        ? await openStompTcp(server.laba.stompPort as number)
        : await openStompSocket(server.base)
    const { headers: connected } = await client.connect()
    await client.subscribe(channel, { ack: "client" })
    const published = await publishAll(server.base + channel, numbers(3))
    await client.frame("MESSAGE")
    const second = await client.frame("MESSAGE")
    const third = await client.frame("MESSAGE")
    client.send("NACK", { id: second.headers["ack"] as string })
    client.send("NACK", { id: third.headers["ack"] as string })
    const about = { connection: connected["session"] as string, channel, transport, user: null }
    const told = [await backend.next("nack"), await backend.next("nack")]
    expect(told).toMatchObject([about, about])
    const ids = published.map(({ id }) => id)
    expect(told.map(({ body }) => (JSON.parse(body) as { messages: string[] }).messages)).toEqual([
      ids.slice(0, 2),
      ids.slice(2),
    ])
    expect(backend.problems).toEqual([])
  })

test("[T17, H19] a NACK of a channel whose hook does not ask for it is told to nobody", async () => {
  const before = backend.all("nack").length
  await using client = await openStompSocket(server.base)
  await client.connect()
  for (const channel of [freshChannel("topic"), freshChannel("work")]) {
    await client.subscribe(channel, { id: channel, ack: "client-individual" })
    await publishAll(server.base + channel, ["a"])
    client.send("NACK", { id: (await client.frame("MESSAGE")).headers["ack"] as string })
  }
  expect((await backend.next("nack")).channel).toStartWith("/work")
  expect(backend.all("nack")).toHaveLength(before + 1)
})

test("[T17, H19] what was not heard when the server was killed is told after its restart, with the same id", async () => {
  const directory = await mkdtemp(join(tmpdir(), "laba-nacks-"))
  const hooks = [{ pattern: "/work/**", nack: backend.url(), ...local }]
  const config = { engine: `sqlite:${directory}`, hooks }
  const channel = freshChannel("work")
  await backend.control({ hold: true })
  let id: string
  {
    await using first = await startProcess({ config })
    await using client = await openStompSocket(first.base)
    await client.connect()
    await client.subscribe(channel, { ack: "client-individual" })
    await publishAll(first.base + channel, ["a"])
    client.send("NACK", { id: (await client.frame("MESSAGE")).headers["ack"] as string })
    const told = await backend.next("nack")
    expect(told.channel).toBe(channel)
    id = told.id
    // It is written down in the turn in which it is first told; a publish takes longer.
    await publishAll(first.base + channel, ["b"])
    await first.killHard()
  }
  await backend.control({ hold: false })
  await using _second = await startProcess({ config })
  expect(await backend.next("nack")).toMatchObject({ id, channel })
  expect(backend.problems).toEqual([])
  await rm(directory, { recursive: true, force: true })
})
