// A sale over HTTP, sockets and streams: what buyers get.
import { expect, setDefaultTimeout, test } from "bun:test"
import type { TicketRecord } from "../model/wire/api.ts"
import { decided, onShop, pay } from "./shop-stage.ts"
import { until } from "./shop-process.ts"

setDefaultTimeout(120_000)

onShop(
  () => ({}),
  (stage) => {
    const { buyer, freshSale } = stage

    test("a click becomes a ticket, a decision, a result on the channel, an order and a paid order", async () => {
      const sale = await freshSale()
      const ann = await buyer()
      const entered = await ann.enter(sale)
      expect(entered).toMatchObject({ status: 201, body: { number: 1, position: 1, state: "queued" } })
      expect(entered.body["listen"]).toMatchObject({ channel: `/@${ann.user}/sales/${sale}` })
      const won = await decided(ann, sale)
      expect(won).toMatchObject({ state: "won", number: 1, order: { state: "pending", price: 4200 } })
      await pay(ann, sale)
      const paid = await until(
        () => ann.poll(sale),
        (record) => record?.order?.state === "paid",
      )
      expect(paid?.version).toBeGreaterThan(won?.version ?? Infinity)
      expect((await ann.ask("GET", `/sales/${sale}/ticket`)).body).toMatchObject({
        state: "won",
        order: { state: "paid" },
      })
      expect(stage.shop.findings()).toEqual([])
    })

    test("before a draw one is told how many are in it, and no position that nobody can know", async () => {
      const sale = await freshSale({
        mode: "shuffle",
        lobbyAt: Date.now() - 1000,
        startsAt: Date.now() + 3_600_000,
      })
      const [ann, ben] = [await buyer(), await buyer()]
      const first = await ann.enter(sale)
      expect(first).toMatchObject({ status: 201, body: { number: 1, position: null, entrants: 1 } })
      expect(await ben.enter(sale)).toMatchObject({ status: 201, body: { position: null, entrants: 2 } })
      expect((await ann.enter(sale)).body).toEqual(first.body)
      expect(await ann.ask("GET", `/sales/${sale}/ticket`)).toMatchObject({
        status: 200,
        body: { state: "queued", position: null, entrants: 2 },
      })
    })

    test("a ticket's channel is never empty once its holder was answered", async () => {
      const sale = await freshSale({ items: [{ id: "i", title: "A thing", stock: 50, price: 1 }] })
      const crowd = await Promise.all(Array.from({ length: 20 }, buyer))
      const records = await Promise.all(
        crowd.map(async (one) => {
          expect((await one.enter(sale)).status).toBe(201)
          return one.poll(sale)
        }),
      )
      expect(records.filter((record) => record === null)).toEqual([])
    })

    test("WebSocket, SSE and poll show the same record", async () => {
      const sale = await freshSale()
      const ann = await buyer()
      const path = `/@${ann.user}/sales/${sale}?token=${ann.listenToken}`
      const heard: TicketRecord[] = []
      const socket = new WebSocket(`${stage.shop.labaUrl.replace("http", "ws")}${path}`)
      socket.onmessage = ({ data }) => heard.push(JSON.parse(data as string) as TicketRecord)
      await new Promise((resolve) => (socket.onopen = resolve))
      const stream = await fetch(stage.shop.labaUrl + path, { headers: { Accept: "text/event-stream" } })
      await ann.enter(sale)
      const polled = await decided(ann, sale)
      await until(
        async () => heard.at(-1)?.state,
        (state) => state === "won",
      )
      let text = ""
      for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>) {
        text += new TextDecoder().decode(chunk)
        if (text.includes('"won"')) break
      }
      const streamed = [...text.matchAll(/^data: (.*)$/gm)].map(
        ([, json]) => JSON.parse(json as string) as TicketRecord,
      )
      expect(heard.at(-1)).toEqual(polled!)
      expect(streamed.at(-1)).toEqual(polled!)
      socket.close()
    })

    test("a buyer asks, pays and cancels over the socket, and nobody else hears of it", async () => {
      const sale = await freshSale()
      const ann = await buyer()
      await ann.enter(sale)
      await decided(ann, sale)
      const said: Record<string, unknown>[] = []
      const socket = new WebSocket(
        `${stage.shop.labaUrl.replace("http", "ws")}/@${ann.user}/sales/${sale}?token=${ann.listenToken}`,
      )
      socket.onmessage = ({ data }) => said.push(JSON.parse(data as string) as Record<string, unknown>)
      await new Promise((resolve) => (socket.onopen = resolve))
      socket.send(JSON.stringify({ do: "status" }))
      await until(
        async () => said,
        (all) => all.some((one) => one["asked"] === "status"),
      )
      socket.send(JSON.stringify({ do: "pay" }))
      await until(
        async () => said,
        (all) => all.some((one) => typeof one["payUrl"] === "string"),
      )
      socket.send(JSON.stringify({ do: "cancel" }))
      await until(
        async () => said,
        (all) => all.some((one) => one["asked"] === "cancel"),
      )
      await until(
        () => ann.poll(sale),
        (record) => record?.order?.state === "cancelled",
      )
      socket.send(JSON.stringify({ state: "won", forged: true }))
      await until(
        async () => said,
        (all) => all.some((one) => one["failed"] === "not_understood"),
      )
      expect(await ann.poll(sale)).not.toHaveProperty("forged")
      socket.close()
    })

    test("results are heard by the buyer they are addressed to, and by nobody else", async () => {
      const sale = await freshSale()
      const ann = await buyer()
      const eve = await buyer()
      await ann.enter(sale)
      const statusOf = async (query: string, path = `/@${ann.user}/sales/${sale}`): Promise<number> => {
        const answer = await fetch(`${stage.shop.labaUrl}${path}${query}`)
        await answer.body?.cancel()
        return answer.status
      }
      expect(await statusOf(`?token=${ann.listenToken}`)).toBe(200)
      expect(await statusOf("")).toBe(401)
      expect(await statusOf(`?token=${eve.listenToken}`)).toBe(403)
      expect(await statusOf(`?token=${ann.listenToken.slice(0, -4)}xxxx`)).toBe(401)
      expect(await statusOf(`?channel=/@${ann.user}/sales/${sale}&token=${eve.listenToken}`, "/_/poll")).toBe(
        403,
      )
    })

    test("nobody but the shop publishes results, and a socket for many channels opens no other's", async () => {
      const sale = await freshSale()
      const ann = await buyer()
      const eve = await buyer()
      await ann.enter(sale)
      const channel = `/@${ann.user}/sales/${sale}`
      for (const [token, path] of [
        [eve.listenToken, channel],
        [ann.listenToken, channel],
        [eve.listenToken, `/sales/${sale}`],
      ] as const) {
        const answer = await fetch(stage.shop.labaUrl + path, {
          method: "POST",
          headers: { Authorization: `Bearer ${token}` },
          body: '{"state":"won"}',
        })
        expect(answer.status).toBe(403)
      }
      const socket = new WebSocket(`${stage.shop.labaUrl.replace("http", "ws")}/_/ws`, [
        "laba.v1",
        `laba.token.${eve.listenToken}`,
      ])
      const said: string[] = []
      socket.onmessage = ({ data }) => said.push(data as string)
      await new Promise((resolve) => (socket.onopen = resolve))
      socket.send(JSON.stringify({ op: "subscribe", channel }))
      await until(
        async () => said.join(""),
        (text) => text.includes("forbidden"),
      )
      expect(said.join("")).not.toContain('"won"')
      socket.close()
    })

    test("two tabs race for the last unit: one wins, the other is told who is in", async () => {
      const sale = await freshSale()
      const ann = await buyer()
      const answers = await Promise.all([ann.enter(sale, "tab-1"), ann.enter(sale, "tab-2")])
      const byStatus = answers.toSorted((a, b) => a.status - b.status)
      expect(byStatus.map((each) => each.status)).toEqual([201, 409])
      expect(byStatus[1]?.body).toMatchObject({ code: "ALREADY_IN", number: 1, ticket: { number: 1 } })
    })

    test("a retry with the same key gets the very same answer", async () => {
      const sale = await freshSale({ items: [{ id: "i", title: "A thing", stock: 3, price: 1 }] })
      const ann = await buyer()
      const first = await ann.enter(sale, "k")
      await decided(ann, sale)
      expect(await ann.enter(sale, "k")).toEqual(first)
    })

    test("refusals are typed, at once, and say when to come back", async () => {
      const later = await freshSale({ startsAt: Date.now() + 60_000 })
      const ann = await buyer()
      const early = await ann.ask("POST", `/sales/${later}/token`)
      expect(early).toMatchObject({ status: 425, body: { code: "NOT_OPEN", next: "later" } })
      const full = await freshSale({ factor: 1, reserve: 0, inflowPerSecond: 0.1 })
      await ann.enter(full)
      const refused = await (await buyer()).enter(full)
      expect(refused).toMatchObject({
        status: 503,
        body: { code: "QUEUE_FULL", retryAfterSeconds: expect.any(Number) },
      })
      const bare = await (await buyer()).ask("POST", `/sales/${full}/tickets`, { token: "x" })
      expect(bare).toMatchObject({ status: 400, body: { code: "bad_key" } })
    })

    test("leaving the queue frees the place for the next", async () => {
      const sale = await freshSale({ factor: 1, reserve: 0 })
      await stage.shop.operator("POST", `/sales/${sale}/open`)
      await stage.shop.operator("POST", `/sales/${sale}/pause`)
      const ann = await buyer()
      const ben = await buyer()
      expect((await ann.enter(sale)).status).toBe(201)
      expect((await ben.enter(sale)).body).toMatchObject({ code: "QUEUE_FULL" })
      expect(await ann.ask("DELETE", `/sales/${sale}/ticket`)).toMatchObject({
        status: 200,
        body: { state: "left" },
      })
      expect((await ben.enter(sale, "again")).status).toBe(201)
    })

    test("the public channel says how the sale stands, and that it is sold out", async () => {
      const sale = await freshSale()
      const ann = await buyer()
      await ann.enter(sale)
      await decided(ann, sale)
      const standing = await until(
        async () => {
          // Empty until it was told for the first time.
          const told = await (await fetch(`${stage.shop.labaUrl}/sales/${sale}`)).text()
          return told === "" ? null : (JSON.parse(told) as { items: { available: number; gone: boolean }[] })
        },
        (snapshot) => snapshot?.items[0]?.available === 0,
      )
      // Held by who may yet not pay: nothing to be had, and not gone.
      expect(standing?.items[0]?.gone).toBe(false)
    })
  },
)
