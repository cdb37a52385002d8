import { describe, expect, test } from "bun:test"
import type { LabaError } from "../../../wire/error.ts"
import type { Connection } from "./connection.ts"
import { Connections } from "./connections.ts"
import { anonymousClient } from "./client.ts"

class Client implements Connection {
  number = 0
  readonly transport = "sse"
  readonly protocol = "raw"
  readonly channels = []
  user: string | undefined
  client = anonymousClient
  sentAway: number | null = null

  constructor(user?: string) {
    this.user = user
  }

  direct(): boolean {
    return true
  }

  disconnect(_error: LabaError): void {}

  sendAway(retryMs: number): void {
    this.sentAway = retryMs
  }
}

function opened(count: number, user?: string): { connections: Connections; clients: Client[] } {
  const connections = new Connections("node")
  const clients = Array.from({ length: count }, () => new Client(user))
  for (const client of clients) connections.add(client)
  return { connections, clients }
}

describe("sending everybody away", () => {
  async function paced(count: number, windowMs: number) {
    const { connections, clients } = opened(count)
    const waits: number[] = []
    const gone: number[] = []
    const away = () => clients.filter(({ sentAway }) => sentAway !== null).length
    await connections.sendAllAway(windowMs, async (ms) => {
      waits.push(ms)
      gone.push(away())
    })
    expect(away()).toBe(count)
    return { waits, gone, clients }
  }

  test("spreads over the window, in equal slices", async () => {
    const { waits, gone, clients } = await paced(1000, 5000)
    expect(waits).toHaveLength(99)
    expect(waits[0]).toBe(50)
    expect(gone.slice(0, 3)).toEqual([10, 20, 30])
    for (const { sentAway } of clients) expect(sentAway).toBeLessThanOrEqual(5000)
  })

  test("never takes more than a slice at once, however short the window", async () => {
    const { gone } = await paced(1000, 0)
    expect(gone).toEqual([250, 500, 750])
  })

  test("waits for nothing when there are few, or none", async () => {
    expect((await paced(10, 60_000)).waits).toEqual([])
    expect((await paced(0, 60_000)).waits).toEqual([])
  })
})

describe("the users of connections", () => {
  test("are those who have one, each with all of theirs", () => {
    const { connections, clients } = opened(3, "ann")
    connections.add(new Client("bob"))
    connections.add(new Client())
    expect(connections.usersPage(0, 10).items).toEqual([
      { user: "ann", connections: 3 },
      { user: "bob", connections: 1 },
    ])
    expect(connections.ofUser("ann", 0, 10).items).toEqual(clients)
    expect(connections.ofUser("ann", 0, 2)).toEqual({ items: clients.slice(0, 2), next: 2 })
    expect(connections.ofUser("carl", 0, 10)).toEqual({ items: [], next: null })
  })

  test("are forgotten with the last one, and closing one unbinds no other", () => {
    const { connections, clients } = opened(3, "ann")
    const [first, second, third] = clients as [Client, Client, Client]
    connections.remove(first)
    connections.remove(first)
    expect(connections.ofUser("ann", 0, 10).items).toEqual([second, third])
    connections.remove(third)
    connections.remove(second)
    expect(connections.users).toBe(0)
    connections.add(first)
    connections.remove(first)
    expect(connections.users).toBe(0)
  })
})

test("counts who is open and who ever was, by transport and protocol", () => {
  const { connections, clients } = opened(2)
  expect(connections.counts.open.sse).toEqual({ raw: 2, laba: 0 })
  for (const client of clients) connections.remove(client)
  expect(connections.counts.open.sse).toEqual({ raw: 0, laba: 0 })
  expect(connections.counts.opened.sse).toEqual({ raw: 2, laba: 0 })
})
