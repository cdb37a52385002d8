// What a client of STOMP may make the server keep for it: transactions that are never committed, messages that are never acknowledged or
// read, connections that never say who they are.
import { setTimeout as pause } from "node:timers/promises"
import type { Attack } from "../attack.ts"
import { hello, openStomp, type StompAttacker } from "../stomp-attacker.ts"

const endAll = async (clients: readonly StompAttacker[]): Promise<void> => {
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()))
}

const long = "x".repeat(60_000)

const openAll = async (count: number, open: () => Promise<StompAttacker>): Promise<StompAttacker[]> => {
  const clients: StompAttacker[] = []
  while (clients.length < count) clients.push(...(await Promise.all(Array.from({ length: 20 }, open))))
  return clients
}

const transactions =
  (channel: string): Attack["run"] =>
  async (server) => {
    const clients = await openAll(400, () => openStomp(server, "tcp"))
    const step = `SEND\ndestination:${channel}\ntransaction:t\n\n${long}\0`
    for (const client of clients) {
      client.send(`${hello}BEGIN\ntransaction:t\n\n\0`)
      for (let sent = 0; sent < 16; sent++) client.send(step)
      await pause(2)
    }
    await pause(3000)
    await endAll(clients)
    return []
  }

/** All transactions of a node hold 64 MB; what was read for those that found no room is garbage yet. */
const budgetAndGarbage = { grownBytesMax: 256 * 2 ** 20 }

export const heldTransactions: Attack = {
  name: "begins STOMP transactions on 400 connections, fills them, and never commits, where it may publish",
  bounds: budgetAndGarbage,
  run: transactions("/open/a"),
}
export const refusedTransactions: Attack = {
  name: "begins STOMP transactions on 400 connections, fills them, and never commits, where it may not publish",
  bounds: budgetAndGarbage,
  run: transactions("/news/a"),
}

export const neverAcknowledged: Attack = {
  name: "listens by STOMP on 400 connections, one after the other, and acknowledges nothing",
  // All of them together what waits on a node, and garbage.
  bounds: { grownBytesMax: 128 * 2 ** 20 },
  async run(server) {
    const publisher = await openStomp(server, "tcp")
    publisher.send(hello)
    const clients: StompAttacker[] = [publisher]
    for (let at = 0; at < 400; at++) {
      const client = await openStomp(server, "tcp")
      client.send(`${hello}SUBSCRIBE\nid:1\ndestination:/open/busy\nack:client\nprefetch-count:1\n\n\0`)
      clients.push(client)
      for (let sent = 0; sent < 6; sent++) publisher.send(`SEND\ndestination:/open/busy\n\n${long}\0`)
      await pause(10)
    }
    await pause(1000)
    await endAll(clients)
    return []
  },
}

export const unreadStomp: Attack = {
  name: "listens by STOMP over TCP on 100 connections and reads nothing",
  config: { limits: { outboxBytesMax: "64KB" } },
  async run(server) {
    const publisher = await openStomp(server, "tcp")
    publisher.send(hello)
    const clients = await openAll(100, () => openStomp(server, "tcp"))
    for (const client of clients) {
      client.stall()
      client.send(`${hello}SUBSCRIBE\nid:1\ndestination:/open/busy\n\n\0`)
    }
    await pause(500)
    for (let sent = 0; sent < 400; sent++) {
      publisher.send(`SEND\ndestination:/open/busy\n\n${long}\0`)
      await pause(10)
    }
    await endAll([...clients, publisher])
    return []
  },
}

export const neverConnects: Attack = {
  name: "opens 1,000 connections that never say CONNECT, or only heart-beats, or half of it",
  async run(server) {
    const clients = await openAll(1000, () => openStomp(server, "tcp"))
    for (const [at, client] of clients.entries())
      if (at % 2) client.send("CONNECT\naccept-version:1.2\nlogin:")
    const began = Date.now()
    while (Date.now() - began < 20_000 && clients.some(({ isOver }) => !isOver)) {
      for (const [at, client] of clients.entries()) client.send(at % 2 ? "x" : "\n")
      await pause(500)
    }
    const left = clients.filter(({ isOver }) => !isOver).length
    await endAll(clients)
    return left > 0 ? [`${left} connections were never ended`] : []
  },
}

export const begunFrames: Attack = {
  name: "begins one more frame of STOMP behind half a megabyte of heart-beats, on 400 connections",
  async run(server) {
    const clients = await openAll(400, () => openStomp(server, "tcp"))
    for (const client of clients) client.send(hello)
    await pause(500)
    for (const client of clients) {
      client.send(`${"\n".repeat(500_000)}S`)
      await pause(5)
    }
    await pause(1000)
    await endAll(clients)
    return []
  },
}
