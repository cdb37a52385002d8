// `kill -9` of the shop while people buy, again and again over the same books. Afterwards the books are right, everybody
// who was given a ticket has it, and nobody has seen two results.
import { expect, test } from "bun:test"
import type { TicketRecord } from "../model/wire/api.ts"
import { type Buyer, ShopProcess, until } from "./shop-process.ts"

/** More by FLASH_SALE_KILLS, for a long soak. */
const kills = Number(process.env["FLASH_SALE_KILLS"] ?? 4)

test(
  "loses no ticket, no order and no cent, however often it is killed",
  async () => {
    await using shop = await ShopProcess.start()
    const stock = 40
    await shop.operator("POST", "/sales", {
      id: "s",
      title: "A sale",
      startsAt: Date.now(),
      items: [{ id: "i", title: "A thing", stock, price: 100 }],
      reserve: 10_000,
    })
    const promised = new Map<string, number>()
    const seen = new Map<string, TicketRecord>()
    const contradictions: string[] = []
    const look = (user: string, record: TicketRecord | null): TicketRecord | null => {
      const before = seen.get(user)
      if (record && before?.state === "won" && record.state !== "won")
        contradictions.push(`${user} won and then ${record.state}`)
      if (record && before && record.version < before.version)
        contradictions.push(`${user} went back to ${record.version}`)
      if (record) seen.set(user, record)
      return record
    }
    let shopping = true
    const buyers: Buyer[] = []
    const patient = async <T>(ask: () => Promise<T>): Promise<T | null> => ask().catch(() => null)
    const crowd = Array.from({ length: 8 }, async (_, lane) => {
      for (let turn = 0; shopping; turn++) {
        const one = await patient(() => shop.logIn(`u${lane}-${turn}`))
        const entered = one && (await patient(() => one.enter("s")))
        if (!one || !entered) {
          await Bun.sleep(20)
          continue
        }
        if (entered.status !== 201) continue
        buyers.push(one)
        promised.set(one.user, entered.body["number"] as number)
        const record = look(one.user, await patient(() => one.poll("s")))
        if (record?.state === "won" && turn % 2 === 0) {
          const opened = await patient(() => one.ask("POST", "/sales/s/order/pay"))
          if (opened?.status === 200)
            await patient(() => fetch(opened.body["payUrl"] as string, { method: "POST" }))
        }
      }
    })
    for (let round = 0; round < kills; round++) {
      await until(
        async () => promised.size,
        (size) => size > (round + 1) * 20,
        5000,
      ).catch(() => null)
      await shop.kill()
      expect(shop.findings()).toEqual([])
      await shop.start()
    }
    shopping = false
    await Promise.all(crowd)
    expect(promised.size).toBeGreaterThan(kills * 5)
    for (const one of buyers) {
      const record = await until(
        async () => look(one.user, await one.poll("s")),
        (found) => found !== null && found.state !== "queued",
      )
      expect(record?.number).toBe(promised.get(one.user))
    }
    expect(contradictions).toEqual([])
    expect(shop.findings()).toEqual([])
    expect([...seen.values()].filter((record) => record.state === "won").length).toBeLessThanOrEqual(stock)
    expect(await shop.stop()).toBe(0)
    expect(shop.findings()).toEqual([])
  },
  kills * 15_000 + 30_000,
)

test("a second process on the same books is turned away, and the first goes on", async () => {
  await using shop = await ShopProcess.start()
  const second = Bun.spawn(
    [process.execPath, `${import.meta.dir}/../main.ts`, "--data", shop.directory, "--port", "0"],
    {
      stdout: "ignore",
      stderr: "pipe",
    },
  )
  expect(await second.exited).not.toBe(0)
  expect(await new Response(second.stderr).text()).toContain("belongs to another running flash sale")
  expect((await fetch(`${shop.url}/api/clock`)).status).toBe(200)
}, 60_000)
