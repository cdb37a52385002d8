// The buyer's page in Chromium, against a real shop: every way through a sale, on good networks and bad ones, ends with
// the right scene on the screen.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { hasChromium } from "../../../test/support/chromium.ts"
import type { BuyerPage, BuyerPageOptions } from "./buyer-page.ts"
import { BuyerStage } from "./buyer-stage.ts"
import { type ShopProcess, until } from "./shop-process.ts"

const testMsMax = 120_000

describe.skipIf(!hasChromium)("the buyer's page", () => {
  let stage: BuyerStage
  let shop: ShopProcess
  beforeAll(async () => {
    stage = await BuyerStage.start()
    shop = stage.shop
  }, testMsMax)
  afterAll(() => stage?.[Symbol.asyncDispose]())

  const freshSale = (given: Record<string, unknown> = {}): Promise<string> => stage.freshSale(given)
  const run = (sale: string, what: string): Promise<void> => stage.run(sale, what)
  const open = (sale: string, options: Partial<BuyerPageOptions> = {}): Promise<BuyerPage> =>
    stage.open(sale, options)

  test(
    "two race for the last unit: one pays for it, the other is told at once that it is gone",
    async () => {
      const sale = await freshSale()
      await using ann = await open(sale)
      await using ben = await open(sale, { locale: "zh-CN" })
      await Promise.all([ann.scene("open"), ben.scene("open")])
      await Promise.all([ann.press("primary"), ben.press("primary")])
      const scenes = await Promise.all([ann.scene("won", "waitlisted"), ben.scene("won", "waitlisted")])
      expect(scenes.toSorted()).toEqual(["waitlisted", "won"])
      const [winner, other] = scenes[0] === "won" ? [ann, ben] : [ben, ann]
      await winner.picture("race-won")
      await other.picture("race-waitlisted")
      expect(await winner.pays()).toContain("paid")
      await winner.scene("paid")
      await other.scene("lost")
      await winner.picture("race-paid")
      await other.picture("race-lost")
      expect([...ann.errors, ...ben.errors]).toEqual([])
      expect(shop.findings()).toEqual([])
    },
    testMsMax,
  )

  test(
    "what the winner gives back is offered to the next in line, for as long as it says",
    async () => {
      const sale = await freshSale({ offerSeconds: 120 })
      await using ann = await open(sale)
      await ann.press("primary")
      await ann.scene("won")
      await using ben = await open(sale)
      await ben.press("primary")
      await ben.scene("waitlisted")
      await ann.press("secondary")
      await ann.scene("cancelled")
      await ben.scene("offered")
      await ben.shows("board", /^(02:00|01:\d\d)$/)
      await ben.shows("detail", /2 minutes/)
      await ben.picture("offered")
      await ben.pays()
      await ben.scene("paid")
    },
    testMsMax,
  )

  // Without polls where another comes second: on a slow machine the client would come to them, as it should.
  const networks = [
    ["WebSockets are blocked", { websocket: "refuse", poll: "refuse" }, "auto", "sse"],
    [
      "streams are blocked, though a stream was chosen",
      { stream: "refuse", poll: "refuse" },
      "sse",
      "websocket",
    ],
    ["WebSockets and streams are blocked", { websocket: "refuse", stream: "refuse" }, "auto", "poll"],
    ["polling is chosen", {}, "poll", "poll"],
  ] as const
  for (const [name, manners, choice, transport] of networks) {
    test(
      `where ${name}, the result comes by ${transport}, and paying works`,
      async () => {
        const sale = await freshSale()
        await using ann = await open(sale, { manners })
        if (choice !== "auto") await ann.page.selectOption("#transport", choice)
        await ann.page.waitForSelector(`#connection[data-state=open][data-transport=${transport}]`)
        await ann.press("primary")
        await ann.scene("won")
        await ann.pays()
        await ann.scene("paid")
        expect(await ann.hears()).toBe(transport)
        await ann.picture(`by-${transport}-${choice}`)
        expect(ann.errors).toEqual([])
      },
      testMsMax,
    )
  }

  test(
    "a page that is reloaded shows the same truth: in the queue, with a unit held, and when it is paid",
    async () => {
      const sale = await freshSale()
      await run(sale, "pause")
      await using ann = await open(sale)
      await ann.press("primary")
      await ann.scene("queued")
      await ann.shows("number", "1")
      await ann.picture("queued-paused")
      await ann.page.reload()
      await ann.scene("queued")
      await ann.shows("number", "1")
      await ann.shows("board", "1")
      await ann.hears()
      await run(sale, "open")
      await ann.scene("won")
      await ann.page.reload()
      await ann.scene("won")
      await ann.pays()
      await ann.scene("paid")
      await ann.page.reload()
      await ann.scene("paid")
      await ann.shows("number", "1")
    },
    testMsMax,
  )

  test(
    "a click whose answer was lost is sent again after a reload, and counts once",
    async () => {
      const sale = await freshSale()
      await using ann = await open(sale)
      await ann.scene("open")
      let arrived = 0
      // The shop gets the click; the answer gets lost, for as long as this page lives.
      await ann.page.route(/\/tickets$/, async (route) => {
        await route.fetch()
        arrived += 1
        await route.abort()
      })
      await ann.page.route(/\/ticket$/, (route) => route.abort())
      await ann.press("primary")
      await ann.scene("entering", "won")
      await until(
        async () => arrived,
        (times) => times >= 2,
      )
      await ann.page.unrouteAll({ behavior: "ignoreErrors" })
      await ann.page.reload()
      await ann.scene("won")
      await ann.shows("number", "1")
      const view = (await (await shop.operator("GET", `/sales/${sale}`)).json()) as { tickets: number }
      expect(view.tickets).toBe(1)
    },
    testMsMax,
  )

  test(
    "the network is cut at the decision and restored: the result is there",
    async () => {
      const sale = await freshSale()
      await run(sale, "pause")
      await using ann = await open(sale)
      await ann.press("primary")
      await ann.scene("queued")
      await ann.cutNetwork()
      await run(sale, "open")
      await ann.page.waitForSelector("#connection:not([data-state=open])")
      await ann.scene("queued")
      await ann.picture("cut")
      await ann.restoreNetwork()
      await ann.scene("won")
      expect(ann.errors).toEqual([])
    },
    testMsMax,
  )

  test(
    "no transport leads to Laba: the page asks the shop itself, and nobody waits for a word that cannot come",
    async () => {
      const sale = await freshSale()
      await run(sale, "pause")
      await using ann = await open(sale)
      await ann.press("primary")
      await ann.scene("queued")
      ann.cutLaba()
      await run(sale, "open")
      await ann.scene("won")
      expect(await ann.page.getAttribute("#connection", "data-state")).not.toBe("open")
      await ann.pays()
      await ann.scene("paid")
    },
    testMsMax,
  )

  test.concurrent(
    "too late to pay: the payment page takes nothing, and the unit can be had again",
    async () => {
      const sale = await freshSale({ payBySeconds: 12 })
      await using ann = await open(sale)
      await ann.press("primary")
      await ann.scene("won")
      const payment = await ann.opensPayment()
      await ann.scene("unpaid")
      expect(await ann.pays(payment)).toContain("closed")
      await ann.picture("unpaid")
      await ann.press("primary")
      await ann.scene("won")
      await ann.shows("number", "2")
    },
    testMsMax,
  )

  test.concurrent(
    "who is asked whether to keep waiting may stay, or leave and come again",
    async () => {
      const sale = await freshSale()
      await run(sale, "pause")
      await using ann = await open(sale)
      await ann.press("primary")
      await ann.scene("queued")
      await ann.press("secondary")
      await ann.shows("keep-detail", /You are number 1/)
      await ann.picture("keep")
      await ann.press("keep-waiting")
      await ann.page.waitForSelector("#keep", { state: "hidden" })
      await ann.press("secondary")
      await ann.press("keep-leave")
      await ann.scene("left")
      await ann.press("primary")
      await ann.scene("queued")
      await ann.shows("number", "2")
    },
    testMsMax,
  )

  test.concurrent(
    "a full queue lets nobody in, says so, and lets in who keeps knocking when there is room",
    async () => {
      const sale = await freshSale({ factor: 1, reserve: 0 })
      await run(sale, "pause")
      await using ann = await open(sale)
      await ann.press("primary")
      await ann.scene("queued")
      await using ben = await open(sale)
      await ben.press("primary")
      await ben.scene("knocking")
      await ben.picture("knocking")
      await ann.press("secondary")
      await ann.press("keep-leave")
      await ben.scene("queued")
      await ben.shows("number", "2")
    },
    testMsMax,
  )

  test.concurrent(
    "counts down on the shop's clock, whatever the visitor's says, and opens by itself",
    async () => {
      // Far enough for the slowest machine to look at the countdown before it ends.
      const sale = await freshSale({ startsAt: Date.now() + 3_000_000 })
      await using ann = await open(sale)
      await ann.page.addInitScript(() => {
        const right = Date.now
        Date.now = () => right() + 3_600_000
      })
      await ann.page.reload()
      await ann.scene("countdown")
      await ann.shows("board", /^(49|50):\d\d$/)
      await ann.page.waitForSelector("#primary:disabled")
      await ann.picture("countdown")
      const moved = await shop.operator("PUT", `/sales/${sale}/start`, { startsAt: Date.now() + 4000 })
      expect(moved.status).toBe(200)
      await ann.scene("open")
      await ann.press("primary")
      await ann.scene("won")
    },
    testMsMax,
  )

  test(
    "who stands at the door is shuffled at the start, and hears how it ended",
    async () => {
      const sale = await freshSale({ mode: "shuffle", startsAt: Date.now() + 3_600_000, lobbyAt: Date.now() })
      await using ann = await open(sale)
      await ann.scene("lobby")
      await ann.picture("lobby")
      await ann.press("primary")
      await ann.scene("drawing")
      await ann.shows("number", "1")
      await ann.picture("drawing")
      await run(sale, "open")
      await ann.scene("won")
    },
    testMsMax,
  )

  test(
    "of several items the chosen one is bought",
    async () => {
      const items = [
        { id: "lantern", title: "Lantern", stock: 1, price: 4200 },
        { id: "kite", title: "Kite", stock: 1, price: 900 },
      ]
      const sale = await freshSale({ items })
      await using ann = await open(sale)
      await ann.page.check("#items input[value=kite]")
      await ann.picture("items")
      await ann.press("primary")
      await ann.scene("won")
      await ann.shows("primary", /9\.00/)
    },
    testMsMax,
  )

  test(
    "a start that the operator moves moves on the screen, too",
    async () => {
      const sale = await freshSale({ startsAt: Date.now() + 3_600_000 })
      await using ann = await open(sale)
      await ann.scene("countdown")
      const moved = await shop.operator("PUT", `/sales/${sale}/start`, { startsAt: Date.now() + 90_000_000 })
      expect(moved.status).toBe(200)
      await ann.shows("board", /^2[45]:/)
      await run(sale, "open")
      await ann.scene("open")
    },
    testMsMax,
  )

  test(
    "the shop is killed while one waits: the page looks for it, and shows the same number again",
    async () => {
      const sale = await freshSale()
      await run(sale, "pause")
      await using ann = await open(sale)
      await ann.press("primary")
      await ann.scene("queued")
      await shop.kill()
      await ann.page.waitForSelector("#connection:not([data-state=open])")
      await shop.start()
      await ann.hears()
      await ann.scene("queued")
      await ann.shows("number", "1")
      await run(sale, "open")
      await ann.scene("won")
      expect(ann.errors).toEqual([])
    },
    testMsMax,
  )

  test.each(["en", "zh-CN"])(
    "fits every screen, in %s",
    async (locale) => {
      const sale = await freshSale({ startsAt: Date.now() + 3_600_000 })
      await using ann = await open(sale, { locale })
      await ann.scene("countdown")
      for (const width of [320, 390, 768, 1280]) await ann.fits(width)
    },
    testMsMax,
  )
})
