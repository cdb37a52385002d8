// Robots that log in under many names: what one network may try is bounded, and nobody else's share is used up by it.
import { expect, setDefaultTimeout, test } from "bun:test"
import { onShop } from "./shop-stage.ts"
import type { Buyer } from "./shop-process.ts"

setDefaultTimeout(120_000)

onShop(
  () => ({ args: ["--address-header", "X-Forwarded-For", "--address-attempts", "20"] }),
  (stage) => {
    /** Comes through a proxy that writes down from where. */
    const from = (address: string) => ({ "X-Forwarded-For": `6.6.6.6, ${address}` })

    const logIn = (name: string, headers: Record<string, string>): Promise<Response> =>
      fetch(`${stage.shop.url}/api/login`, {
        method: "POST",
        headers,
        body: JSON.stringify({ user: name }),
      })

    const statuses = (answers: readonly Response[]): number[] =>
      [...new Set(answers.map(({ status }) => status))].toSorted()

    test("who logs in under name after name from one address is slowed down, and only that address", async () => {
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, at) => logIn(`bot-${at}`, from("203.0.113.1"))),
      )
      expect(statuses(answers)).toEqual([200, 429])
      // A window that has just ended lets some more in.
      expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(40)
      const refused = answers.find(({ status }) => status === 429) as Response
      expect(refused.headers.get("retry-after")).toBe("5")
      expect(await refused.json()).toMatchObject({ code: "TOO_FAST", next: "later" })
      expect((await logIn("ann", from("203.0.113.2"))).status).toBe(200)
    })

    test("tokens and clicks count too, whoever's they are", async () => {
      const sale = await stage.freshSale({ items: [{ id: "i", title: "A thing", stock: 99, price: 1 }] })
      const crowd = await stage.buyers(30)
      const ask = (one: Buyer, path: string, address: string) =>
        one.ask("POST", `/sales/${sale}/${path}`, undefined, { "Idempotency-Key": "k", ...from(address) })
      for (const [path, address] of [
        ["token", "203.0.113.3"],
        ["tickets", "203.0.113.4"],
      ] as const) {
        const answers = await Promise.all([...crowd, ...crowd].map((one) => ask(one, path, address)))
        expect(answers.filter(({ body }) => body["code"] === "TOO_FAST").length).toBeGreaterThanOrEqual(20)
      }
      const other = await stage.buyer()
      expect((await ask(other, "token", "203.0.113.5")).status).toBe(200)
      expect((await ask(other, "tickets", "203.0.113.5")).body).toMatchObject({ code: "BAD_TOKEN" })
    })

    test("another address of the same IPv6 network is no new one", async () => {
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, at) => logIn(`six-${at}`, from(`2001:db8::${at.toString(16)}`))),
      )
      expect(statuses(answers)).toEqual([200, 429])
    })

    test("this machine, which tries sales out, is not limited", async () => {
      const answers = await Promise.all(Array.from({ length: 60 }, (_, at) => logIn(`local-${at}`, {})))
      expect(statuses(answers)).toEqual([200])
    })
  },
)
