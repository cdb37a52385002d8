// Others' history, which nobody may empty who only listens, or publishes somewhere else.
import type { Attack } from "../attack.ts"
import { openAttackerSocket } from "../attacker-socket.ts"
import type { AttackedServer } from "../attacked-server.ts"

const kept = 200
const limits = { historyBytesMax: "8MB" }

async function fill(server: AttackedServer): Promise<void> {
  for (let at = 0; at < kept; at++)
    await server.withKey("/closed/orders", { method: "POST", body: `order ${at} ${"x".repeat(500)}` })
}

async function missing(server: AttackedServer): Promise<readonly string[]> {
  const left = await server.kept("/closed/orders")
  return left === kept ? [] : [`${left} of the shop's messages are left`]
}

export const evictedByListening: Attack = {
  name: "listens to tens of thousands of names to push out the history of others",
  config: { limits, channels: { "/closed/**": { history: { count: kept, bytes: "1MB", time: "1h" } } } },
  async run(server) {
    await fill(server)
    await using sockets = new AsyncDisposableStack()
    for (let at = 0; at < 250; at++) {
      const socket = await openAttackerSocket(server, "/_/ws")
      if (!socket) break
      sockets.defer(() => socket[Symbol.dispose]())
      for (let name = 0; name < 128; name++)
        socket.send(`{"op":"subscribe","ref":${name},"channel":"/open/${at}/${name}"}`)
    }
    await server.serveOthers()
    await Bun.sleep(500)
    await server.withKey("/closed/more", { method: "POST", body: "one more" })
    return missing(server)
  },
}

export const evictedByPublishing: Attack = {
  name: "publishes wherever anybody may to push out the history of others",
  config: {
    limits,
    channels: { "/closed/**": { history: { count: kept, bytes: "1MB", time: "1h" } } },
  },
  async run(server) {
    await fill(server)
    const body = "x".repeat(60 * 1024)
    let published = 0
    // The allowed rate is 200 a second: 24 MB, three times the budget, in two seconds.
    for (let at = 0; at < 400; at += 20)
      await Promise.all(
        Array.from({ length: 20 }, async (_, which) => {
          const response = await server.asAttacker(`/open/${at + which}`, { method: "POST", body })
          if (response.status === 201) published++
          else await Bun.sleep(100)
        }),
      )
    return published < 200 ? [`only ${published} were published, so little was tried`] : missing(server)
  },
}

export const filledKeys: Attack = {
  name: "fills the table of Idempotency-Keys, so that the shop can use none",
  config: { limits: { idempotencyKeysMax: 100 } },
  async run(server) {
    for (let at = 0; at < 1200; at += 20)
      await Promise.all(
        Array.from({ length: 20 }, (_, which) =>
          server.asAttacker("/open/keys", {
            method: "POST",
            body: "x",
            headers: { "Idempotency-Key": `attack-${at + which}` },
          }),
        ),
      )
    const response = await server.withKey("/closed/orders", {
      method: "POST",
      body: "order",
      headers: { "Idempotency-Key": "order-1" },
    })
    return response.status === 201 ? [] : [`the shop's publish was answered ${response.status}`]
  },
}
