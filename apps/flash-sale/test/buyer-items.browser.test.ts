// The buyer's page in Chromium where there is a choice, and where there is little left: what is pressed is what is bought, and
// nobody is told that they can buy what they cannot.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { hasChromium } from "../../../test/support/chromium.ts"
import { eventually } from "../../../test/support/eventually.ts"
import type { BuyerPage } from "./buyer-page.ts"
import { BuyerStage } from "./buyer-stage.ts"
import type { Answered, Buyer, ShopProcess } from "./shop-process.ts"

const testMsMax = 120_000

const items = [
  { id: "lantern", title: "Lantern", stock: 1, price: 4200 },
  { id: "kite", title: "Kite", stock: 2, price: 900 },
]

describe.skipIf(!hasChromium)("the buyer's page of a sale with little left", () => {
  let stage: BuyerStage
  let shop: ShopProcess
  beforeAll(async () => {
    stage = await BuyerStage.start()
    shop = stage.shop
  }, testMsMax)
  afterAll(() => stage?.[Symbol.asyncDispose]())

  const chosen = (one: BuyerPage, item: string) => one.page.check(`#items input[value=${item}]`)

  const enter = async (user: string, sale: string, item: string): Promise<Buyer> => {
    const buyer = await shop.logIn(user)
    const entered = await buyer.enter(sale, user, item)
    expect(entered.status).toBe(201)
    return buyer
  }

  const pay = async (buyer: Buyer, sale: string): Promise<void> => {
    let asked: Answered | undefined
    await eventually(async () => {
      asked = await buyer.ask("POST", `/sales/${sale}/order/pay`)
      expect(asked.status).toBe(200)
    })
    expect((await fetch(String(asked?.body["payUrl"]), { method: "POST" })).status).toBe(200)
  }

  test(
    "with every unit held it offers a place in line, and says which place on the wait-list",
    async () => {
      const sale = await stage.freshSale({})
      await enter("first", sale, "i")
      await using ben = await stage.open(sale, {})
      await ben.scene("held")
      await ben.shows("primary", "Stand in line for one")
      await ben.press("primary")
      await ben.scene("waitlisted")
      await ben.shows("board", "1")
      await using cyd = await stage.open(sale, {})
      await cyd.scene("held")
      await cyd.press("primary")
      await cyd.scene("waitlisted")
      await cyd.shows("board", "2")
    },
    testMsMax,
  )

  test(
    "the item of a press that knocks is bought, over a reload too",
    async () => {
      const sale = await stage.freshSale({ items, factor: 1, reserve: 0 })
      await stage.run(sale, "pause")
      const inLine = []
      for (const user of ["one", "two"]) inLine.push(await enter(user, sale, "kite"))
      await using ann = await stage.open(sale, {})
      await chosen(ann, "kite")
      await ann.press("primary")
      await ann.scene("knocking")
      await ann.page.reload()
      await ann.scene("knocking")
      expect((await inLine[0]?.ask("DELETE", `/sales/${sale}/ticket`))?.status).toBe(200)
      await ann.scene("queued")
      await ann.shows("price", /Kite/)
      await stage.run(sale, "open")
      await ann.scene("won", "waitlisted")
      await ann.shows("price", /Kite/)
    },
    testMsMax,
  )

  test(
    "what was given back is the item that a second try buys, and a reload changes nothing about it",
    async () => {
      const sale = await stage.freshSale({ items })
      await using ann = await stage.open(sale, {})
      await chosen(ann, "kite")
      await ann.press("primary")
      await ann.scene("won")
      await ann.press("secondary")
      await ann.scene("cancelled")
      await ann.page.reload()
      await ann.scene("cancelled")
      await ann.page.waitForSelector("#items input[value=kite]:checked")
      await ann.press("primary")
      await ann.scene("won")
      await ann.shows("primary", /9\.00/)
    },
    testMsMax,
  )

  test(
    "an item that sells out beside others is marked, is not bought as another one, and the others can be had",
    async () => {
      const sale = await stage.freshSale({ items })
      await using ann = await stage.open(sale, {})
      await ann.page.waitForSelector("#items input[value=lantern]:checked")
      await pay(await enter("quick", sale, "lantern"), sale)
      await ann.page.waitForSelector("#items input[value=lantern]:disabled")
      await ann.page.waitForSelector("#primary:disabled")
      await ann.scene("open")
      await ann.picture("one-sold-out")
      await chosen(ann, "kite")
      await ann.press("primary")
      await ann.scene("won")
      await ann.shows("primary", /9\.00/)
    },
    testMsMax,
  )

  test(
    "who lost one item buys another",
    async () => {
      const sale = await stage.freshSale({ items })
      const winner = await enter("winner", sale, "lantern")
      await using ann = await stage.open(sale, {})
      await chosen(ann, "lantern")
      await ann.press("primary")
      await ann.scene("waitlisted")
      await pay(winner, sale)
      await ann.scene("lost")
      await chosen(ann, "kite")
      await ann.press("primary")
      await ann.scene("won")
      await ann.shows("primary", /9\.00/)
    },
    testMsMax,
  )

  test(
    "on a slow line a reload does not offer to buy what is held already",
    async () => {
      const sale = await stage.freshSale({})
      await using ann = await stage.open(sale, {})
      await ann.press("primary")
      await ann.scene("won")
      await ann.page.addInitScript(() => {
        const seen = new Set<string>()
        Object.assign(window, { seen })
        new MutationObserver(() => {
          const shown = document.querySelector("main")?.dataset["scene"]
          if (shown) seen.add(shown)
        }).observe(document, { attributes: true, childList: true, subtree: true })
      })
      await ann.page.route(/\/ticket\?/, async (route) => {
        await Bun.sleep(2000)
        await route.fallback()
      })
      await ann.page.reload()
      await ann.scene("won")
      const seen = await ann.page.evaluate(() => [...(window as unknown as { seen: Set<string> }).seen])
      expect(seen.filter((name) => name !== "loading" && name !== "won")).toEqual([])
    },
    testMsMax,
  )

  test(
    "a second tab of a browser is the same guest, and another name there makes somebody else of it",
    async () => {
      const sale = await stage.freshSale({})
      await using ann = await stage.open(sale, { user: "same" })
      const tab = await ann.page.context().newPage()
      await tab.goto(ann.page.url())
      await tab.waitForFunction(() => document.querySelector("#holder")?.textContent === "same")
      await tab.fill("#user", "other")
      await tab.press("#user", "Enter")
      await tab.waitForFunction(() => document.querySelector("#holder")?.textContent === "other")
      await ann.page.reload()
      await ann.page.waitForFunction(() => document.querySelector("#holder")?.textContent === "same")
    },
    testMsMax,
  )
})
