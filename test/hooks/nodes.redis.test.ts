// Hooks in a cluster: a node that dies, or is taken for dead, leaves what backends must hear to the others.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { codes } from "../../wire/codes.ts"
import type { ConfigInput } from "../../src/server/index.ts"
import { startProcess } from "../support/process.ts"
import { listenByRawSocket } from "../support/raw-socket.ts"
import { RedisProcess } from "../support/redis-servers.ts"
import { type BackendProcess, local, secret, startBackend } from "./backend-process.ts"

setDefaultTimeout(120_000)

const connections = 20
let redis: RedisProcess
let backend: BackendProcess

beforeAll(async () => {
  redis = await RedisProcess.start()
  backend = await startBackend("laba-backend.ts", { secret })
})

afterAll(async () => {
  await backend[Symbol.asyncDispose]()
  await redis[Symbol.asyncDispose]()
})

const config = (): ConfigInput => {
  const url = backend.url()
  return {
    engine: redis.url,
    node: { lease: "2s" },
    hooks: [{ pattern: "/desk/*", register: url, transport: url, unregister: url, ...local }],
  }
}

async function openAt(base: string) {
  const clients = await Promise.all(
    Array.from({ length: connections }, () => listenByRawSocket(`${base}/desk/quiet`)),
  )
  const ids = new Set<string>()
  while (ids.size < connections) ids.add((await backend.next("register")).connection as string)
  return { clients, ids }
}

async function toldOf(ids: ReadonlySet<string>): Promise<void> {
  const told = new Set<string>()
  while (told.size < ids.size) {
    const { connection, body } = await backend.next("unregister")
    // Of a test before: its node was killed before it could write down that this was told.
    if (!ids.has(connection as string)) continue
    expect(JSON.parse(body)).toEqual({ code: 1006, reason: "node_lost" })
    told.add(connection as string)
  }
  expect([...told].sort()).toEqual([...ids].sort())
}

const timesTold = (ids: ReadonlySet<string>): number =>
  backend.all("unregister").filter(({ connection }) => ids.has(connection as string)).length

test("[H15] when a node is killed, another tells the end of each of its connections, once", async () => {
  await using alive = await startProcess({ config: config() })
  await using other = await startProcess({ config: config() })
  await using dying = await startProcess({ config: config() })
  const { ids } = await openAt(dying.base)
  await dying.killHard()
  await toldOf(ids)
  // Who goes in order leaves nothing behind.
  const left = await openAt(other.base)
  other.signal("SIGTERM")
  await other.exited
  while (timesTold(left.ids) < connections) await backend.next("unregister")
  const last = await listenByRawSocket(`${alive.base}/desk/quiet`)
  const { connection } = await backend.next("register")
  last.socket.close()
  expect((await backend.next("unregister")).connection).toBe(connection)
  expect([timesTold(ids), timesTold(left.ids)]).toEqual([connections, connections])
  expect(backend.problems).toEqual([])
})

test("[H15] a node that was taken for dead ends the connections whose end others have told, and tells none again", async () => {
  await using _alive = await startProcess({ config: config() })
  await using away = await startProcess({ config: config() })
  const { clients, ids } = await openAt(away.base)
  process.kill(away.serverPid, "SIGSTOP")
  await toldOf(ids)
  process.kill(away.serverPid, "SIGCONT")
  for (const client of clients)
    expect(await client.next(30_000)).toMatchObject({ kind: "end", number: codes.engine_unavailable.close })
  away.signal("SIGTERM")
  await away.exited
  expect(timesTold(ids)).toBe(connections)
})

test("[H14] a function of the dialect tencent pushes and closes at any node", async () => {
  await using functions = await startBackend("tencent-backend.ts")
  const gate = (): ConfigInput => ({
    ...config(),
    hooks: [
      {
        pattern: "/pgws",
        name: "gate",
        dialect: "tencent",
        register: functions.url("/register"),
        unregister: functions.url("/cleanup"),
        ...local,
      },
    ],
  })
  await using holding = await startProcess({ config: gate() })
  await using other = await startProcess({ config: gate() })
  const client = await listenByRawSocket(`${holding.base}/pgws`)
  const { websocket } = (await functions.next("register")).json as { websocket: { secConnectionID: string } }
  const { secConnectionID } = websocket
  const push = async (order: object): Promise<unknown> => {
    const answer = await fetch(`${other.base}/_/api/tencent/gate`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ websocket: { ...order, secConnectionID } }),
    })
    return answer.json()
  }
  const ok = { errNo: 0, errMsg: "ok" }
  const text = { action: "data send", dataType: "text", data: "you get a bill" }
  expect(await push(text)).toEqual(ok)
  expect(await client.next(30_000)).toMatchObject({ data: "you get a bill" })
  expect(await push({ action: "closing" })).toEqual(ok)
  expect(await client.next(30_000)).toMatchObject({ kind: "end", number: codes.disconnected.close })
  expect((await functions.next("cleanup")).json).toEqual({
    websocket: { action: "closing", secConnectionID },
  })
  expect(await push(text)).toMatchObject({ errNo: 410 })
  expect(functions.problems).toEqual([])
})
