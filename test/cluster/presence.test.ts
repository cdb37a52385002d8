// Presence as a client sees it, on one node; presence-of-many.redis.test.ts has the same on several.
import { expect, test } from "bun:test"
import type { PresenceMember } from "../../wire/frames.ts"
import { connectByLaba, type LabaListener } from "../support/laba-socket.ts"
import { headOf } from "../support/publish.ts"
import { listenBySse } from "../support/sse-stream.ts"
import { startServer } from "../support/server.ts"
import { credentials, tokenFor } from "../access/guarded.ts"
import { namesUsers } from "../backend-api/stage.ts"

const channels = { "/rooms/**": { presence: true } } as const

const userIn = ({ user }: PresenceMember): string => user

const isDan = (member: PresenceMember): boolean => userIn(member) === "dan"

async function listen(base: string, user: string, channel: string): Promise<LabaListener> {
  const listener = await connectByLaba(`${base}/_/ws?user=${user}`)
  listener.send({ op: "subscribe", ref: 1, channel })
  await listener.frame("subscribed")
  return listener
}

test("[R1] members are users, each once; connections without a user are guests; polls are nobody", async () => {
  await using server = await startServer({ channels, onConnect: namesUsers })
  const channel = "/rooms/1"
  const ann = await listen(server.base, "ann", channel)
  await listen(server.base, "ann", channel)
  const raw = new WebSocket(`${server.base.replace("http", "ws")}${channel}?user=bob`)
  await new Promise((resolve) => (raw.onopen = resolve))
  await using _guest = await listenBySse(`${server.base}${channel}`)
  const away = new AbortController()
  fetch(`${server.base}${channel}?wait=25&user=eve`, { signal: away.signal }).catch(() => {})
  while ((await headOf(`${server.base}${channel}`)).listeners < 5) await Bun.sleep(5)
  ann.send({ op: "presence", ref: 2, channel })
  const { members, users, guests } = await ann.frame("presence")
  expect([members.map(userIn).sort(), users, guests]).toEqual([["ann", "bob"], 2, 1])
  const answer = await fetch(`${server.base}/_/api/presence?channel=${channel}`)
  expect(await answer.json()).toMatchObject({ channel, users: 2, guests: 1, next: null })
  raw.close()
  away.abort()
})

test("[R2, R3, R4] who watches is told of changes, and who comes back soon has not left", async () => {
  await using server = await startServer({ channels, onConnect: namesUsers })
  const channel = "/rooms/2"
  const ann = await listen(server.base, "ann", channel)
  ann.send({ op: "presence", ref: 2, channel, watch: true })
  expect((await ann.frame("presence")).members.map(userIn)).toEqual(["ann"])
  const bob = await listen(server.base, "bob", channel)
  const carol = await listen(server.base, "carol", channel)
  const seen = new Set<string>()
  while (!seen.has("bob") || !seen.has("carol")) {
    for (const { user } of (await ann.frame("members")).joined) seen.add(user)
  }
  bob.socket.close()
  carol.socket.close()
  const back = await listen(server.base, "bob", channel)
  const { joined, left, users } = await ann.frame("members")
  expect({ joined, left, users }).toEqual({ joined: [], left: ["carol"], users: 2 })
  ann.send({ op: "presence", ref: 3, channel, watch: false })
  await ann.frame("presence")
  back.send({ op: "presence", ref: 4, channel, watch: true })
  await back.frame("presence")
  await listen(server.base, "dan", channel)
  expect((await back.frame("members")).joined.map(userIn)).toEqual(["dan"])
  // Both would have been told in the same turn.
  expect(ann.frames.seen.some((frame) => frame.op === "members" && frame.joined.some(isDan))).toBe(false)
}, 60_000)

test("[R5] seeing who is there is a right, and a channel may keep nobody", async () => {
  await using server = await startServer({
    ...credentials,
    channels: { "/rooms/**": { presence: "token", listen: "token" }, "/rooms/closed": { presence: "key" } },
  })
  const asked = await connectByLaba(`${server.base}/_/ws`)
  const ask = async (channel: string): Promise<string> => {
    asked.send({ op: "presence", ref: channel, channel })
    for (;;) {
      const frame = await asked.frames.next()
      if ("ref" in frame && frame.ref === channel) return frame.op === "error" ? frame.code : frame.op
    }
  }
  expect(await ask("/rooms/1")).toBe("unauthorized")
  asked.send({ op: "token", ref: 0, token: await tokenFor("ann") })
  expect(await ask("/rooms/1")).toBe("presence")
  expect(await ask("/rooms/closed")).toBe("forbidden")
  await using open = await startServer({})
  const listener = await connectByLaba(`${open.base}/_/ws`)
  listener.send({ op: "presence", ref: 1, channel: "/anything" })
  expect(await listener.frame("error")).toMatchObject({ ref: 1, code: "not_found" })
})

test("[R1] a user who is named by a later token is a guest before and a member after", async () => {
  await using server = await startServer({
    ...credentials,
    channels: { "/rooms/**": { presence: "anyone", listen: "anyone" } },
  })
  const channel = "/rooms/3"
  const ann = await connectByLaba(`${server.base}/_/ws`)
  ann.send({ op: "subscribe", ref: 1, channel })
  ann.send({ op: "presence", ref: 2, channel })
  expect(await ann.frame("presence")).toMatchObject({ users: 0, guests: 1 })
  ann.send({ op: "token", ref: 3, token: await tokenFor("ann") })
  ann.send({ op: "presence", ref: 4, channel })
  expect(await ann.frame("presence")).toMatchObject({ users: 1, guests: 0, members: [{ user: "ann" }] })
})
