// `kill -9` of Laba: the ends of its connections are told after the restart, each once.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "bun:test"
import { eventually } from "../support/eventually.ts"
import { startProcess } from "../support/process.ts"
import { listenByRawSocket } from "../support/raw-socket.ts"
import { local, secret, startBackend } from "./backend-process.ts"

const connections = 50

async function untilAllTold(base: string): Promise<void> {
  for (;;) {
    const { hooks } = (await (await fetch(`${base}/_/api/hooks`)).json()) as {
      hooks: { tellsPending: number }[]
    }
    if (hooks.every(({ tellsPending }) => tellsPending === 0)) return
  }
}

test("[H15] after `kill -9` the end of every connection is told once, with the state it had", async () => {
  await using backend = await startBackend("laba-backend.ts", { secret })
  const directory = await mkdtemp(join(tmpdir(), "laba-hooks-"))
  const url = backend.url()
  const config = {
    engine: `sqlite:${directory}`,
    hooks: [
      {
        pattern: "/desk/*",
        register: url,
        transport: url,
        unregister: url,
        occupied: url,
        vacated: url,
        ...local,
      },
    ],
  }
  const open = new Set<string>()
  {
    await using first = await startProcess({ config })
    const clients = await Promise.all(
      Array.from({ length: connections }, () => listenByRawSocket(`${first.base}/desk/quiet`)),
    )
    for (let i = 0; i < connections; i++) open.add((await backend.next("register")).connection as string)
    expect(open.size).toBe(connections)
    // Some have a state, and some are gone and told already: they are not told again.
    for (const client of clients.slice(0, 10)) client.socket.send("hello")
    for (let i = 0; i < 10; i++) await backend.next("transport")
    for (const client of clients.slice(0, 10)) while ((await client.next()).kind !== "message") continue
    for (const client of clients.slice(40)) client.socket.close()
    for (let i = 0; i < 10; i++) open.delete((await backend.next("unregister")).connection as string)
    // What was answered is written down before the next connection is: only an answer that got lost is asked for again.
    await untilAllTold(first.base)
    await listenByRawSocket(`${first.base}/desk/quiet`)
    open.add((await backend.next("register")).connection as string)
    expect(open.size).toBe(connections - 9)
    await first.killHard()
  }
  const before = backend.all("unregister").length
  const told: string[] = []
  {
    await using second = await startProcess({ config })
    while (told.length < open.size) {
      const { connection, body } = await backend.next("unregister")
      expect(JSON.parse(body)).toEqual({ code: 1006, reason: "node_lost" })
      told.push(connection as string)
    }
    // Whoever listened to the channel is gone as well.
    await eventually(() =>
      expect(backend.all("vacated").map(({ channel }) => channel)).toEqual(["/desk/quiet"]),
    )
    second.signal("SIGTERM")
    await second.exited
  }
  expect(new Set(told)).toEqual(open)
  {
    await using third = await startProcess({ config })
    const client = await listenByRawSocket(`${third.base}/desk/quiet`)
    await backend.next("register")
    client.socket.close()
    await backend.next("unregister")
  }
  expect(backend.all("unregister")).toHaveLength(before + open.size + 1)
  const states = backend.all("unregister").filter(({ state }) => state === "after hello")
  expect(states).toHaveLength(10)
  expect(backend.problems).toEqual([])
  await rm(directory, { recursive: true, force: true })
}, 60_000)
