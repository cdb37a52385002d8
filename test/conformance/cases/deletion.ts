// DELETE forgets the history and sends every listener away.
import { expect } from "bun:test"
import { connectByLaba } from "../../support/laba-socket.ts"
import { pollOnce } from "../../support/poller.ts"
import { headOf, publish, publishAll } from "../../support/publish.ts"
import { laba, longPoll, rawWebSocket, sse } from "../../support/transports.ts"
import type { ConformanceCase } from "../case.ts"
import { openReady } from "./order.ts"

export const deletion: readonly ConformanceCase[] = [
  {
    name: "forgets the history, says how much went, and starts a new epoch",
    async run({ channel, url }) {
      const [first] = await publishAll(url, ["a", "b"])
      const response = await fetch(url, { method: "DELETE" })
      expect([response.status, await response.json()]).toEqual([
        200,
        { channel, listeners: 0, clusterListeners: 0, messages: 2 },
      ])
      expect((await fetch(url)).status).toBe(204)
      const next = await publish(url, "c")
      expect(epochOf(next.cursor)).not.toBe(epochOf(first?.cursor as string))
    },
  },
  {
    name: "[P8, C4] keeps what was deleted away from a retry that was on its way",
    async run({ url }) {
      const send = async (key: string) => {
        const response = await fetch(url, { method: "POST", body: "x", headers: { "Idempotency-Key": key } })
        return {
          status: response.status,
          ...((await response.json()) as { cursor: string; duplicate: boolean }),
        }
      }
      const first = await send("k")
      await fetch(url, { method: "DELETE" })
      expect(await send("k")).toEqual({ ...first, status: 200, duplicate: true })
      expect((await fetch(url)).status).toBe(204)
      expect(await pollOnce(`${url}?after=${first.cursor}`)).toMatchObject({ reset: "epoch", messages: [] })
      expect(await send("another")).toMatchObject({ status: 201, duplicate: false })
    },
  },
  {
    name: "answers a channel that never was as one with nothing in it",
    async run({ channel, url }) {
      const response = await fetch(url, { method: "DELETE" })
      expect([response.status, await response.json()]).toEqual([
        200,
        { channel, listeners: 0, clusterListeners: 0, messages: 0 },
      ])
    },
  },
  {
    name: "[L15] [E3] sends every listener away with the code `deleted`",
    over: [rawWebSocket, laba, sse, longPoll],
    async run({ base, channel, url, transport }) {
      await using listener = await openReady(transport, base, channel)
      while ((await headOf(url)).listeners === 0) await Bun.sleep(1)
      const response = await fetch(url, { method: "DELETE" })
      expect(await response.json()).toMatchObject({ listeners: 1 })
      const end = await listener.end()
      expect(end.code).toBe("deleted")
      if (transport === rawWebSocket) expect(end.number).toBe(4103)
      if (transport === longPoll) expect(end.number).toBe(410)
    },
  },
  {
    name: "[L15] tells a connection of many channels about the one that was deleted, and keeps the others",
    async run({ base, channel, url }) {
      const other = `${channel}/other`
      await using listener = await connectByLaba(`${base}/_/ws`)
      for (const one of [channel, other]) listener.send({ op: "subscribe", channel: one })
      await listener.frame("subscribed")
      await listener.frame("subscribed")
      await fetch(url, { method: "DELETE" })
      expect(await listener.frame("error")).toMatchObject({ code: "deleted", channel })
      await publish(base + other, "still here")
      expect(await listener.frame("message")).toMatchObject({ channel: other, data: "still here" })
    },
  },
  {
    name: "lets a listener come back and hear what is next",
    over: [rawWebSocket, laba, sse, longPoll],
    async run({ base, channel, url, transport }) {
      await publish(url, "old")
      await fetch(url, { method: "DELETE" })
      await using listener = await openReady(transport, base, channel)
      await publish(url, "new")
      expect(await listener.message()).toMatchObject({ data: "new" })
    },
  },
]

const epochOf = (cursor: string): string => cursor.split("-")[0] as string
