// Tokens that run out while a page listens, in a real Chromium against the real server: refreshed in place, over each
// transport, and nothing is lost; and what the page is told when there is no fresh one.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { Browser } from "playwright-core"
import { bearing, inSeconds, secret, shop, startGuarded, tokenFor } from "../access/guarded.ts"
import { LabaPage } from "../client/laba-page.ts"
import { hasChromium, launchChromium } from "../support/chromium.ts"

const deadlineMs = 120_000

/** Exact to the second, so that a token which was not refreshed ends its connection within the test. */
const exact = { tokens: { secret, leeway: 0 } } as const

describe.skipIf(!hasChromium)("a token in Chromium", () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  }, deadlineMs)
  afterAll(async () => {
    await browser?.close()
  })

  for (const transport of ["websocket", "sse", "poll"] as const) {
    test(
      `over ${transport}: one that expires in the middle is refreshed in place, and no message is lost or doubled`,
      async () => {
        await using server = await startGuarded(exact)
        const given: number[] = []
        const token = async () => {
          // Refreshed at half of its life: a machine may be late by the other half.
          const exp = inSeconds(6)
          given.push(exp)
          return tokenFor("1001", { exp })
        }
        await using page = await LabaPage.open(browser, server.base, {
          channel: "/@me/orders",
          transports: [transport],
          token,
        })
        const connection = await page.connection()
        const sent: string[] = []
        // Until the first token is over, and the second was followed by a third.
        while (given.length < 3 || Date.now() / 1000 < (given[0] as number) + 0.5) {
          const word = `${sent.length}`
          const answer = await fetch(`${server.base}/@1001/orders`, {
            method: "POST",
            body: word,
            headers: { ...bearing(shop.text), "content-type": "text/plain" },
          })
          expect(answer.status).toBe(201)
          sent.push(word)
          await Bun.sleep(50)
        }
        expect(await page.noted(sent.length)).toEqual(sent)
        expect(await page.connection()).toBe(connection)
        expect(await page.states()).toEqual([`open ${transport}`])
      },
      deadlineMs,
    )
  }

  test(
    "where no fresh one can be had the page comes back with one later, and has what it missed",
    async () => {
      await using server = await startGuarded(exact)
      let isDown = false
      const token = async () => {
        if (isDown) throw new Error("the login server is down")
        return tokenFor("1001", { exp: inSeconds(3) })
      }
      await using page = await LabaPage.open(browser, server.base, { channel: "/@me/orders", token })
      isDown = true
      await page.waitForState("waiting")
      const body = "said meanwhile"
      const headers = { ...bearing(shop.text), "content-type": "text/plain" }
      await fetch(`${server.base}/@1001/orders`, { method: "POST", body, headers })
      isDown = false
      expect(await page.noted(1)).toEqual([body])
    },
    deadlineMs,
  )

  test(
    "one that the server does not accept keeps the page away, with the reason",
    async () => {
      await using server = await startGuarded(exact)
      const opening = LabaPage.open(browser, server.base, {
        channel: "/@me/orders",
        token: async () => `${await tokenFor("1001")}x`,
      })
      await expect(opening).rejects.toThrow("unauthorized")
    },
    deadlineMs,
  )
})
