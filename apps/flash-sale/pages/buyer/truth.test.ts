// What a page believes of what it hears: never the older of two.
import { expect, test } from "bun:test"
import type { SaleSnapshot as Standing } from "../../model/wire/api.ts"
import { ServerClock } from "../server-clock.ts"
import { Truth } from "./truth.ts"

const standing = (at: number, available: number): Standing => ({
  ...{ sale: "s", at, phase: "open", startsAt: 1000, served: 1, queued: 0, waitlisted: 0, perSecond: null },
  items: [{ id: "i", total: 1, available, held: 1 - available, sold: 0, gone: false }],
})

const truthOf = (changed: () => void): Truth =>
  new Truth({
    sale: "s",
    clock: new ServerClock(),
    asBuyer: () => Promise.reject(new Error("Nobody is asked.")),
    changed,
    loggedOut: () => {},
  })

test("an old “sold out” does not win over a newer “open again”", () => {
  let changes = 0
  const truth = truthOf(() => changes++)
  truth.hear(standing(2000, 0))
  truth.hear(standing(3000, 1))
  truth.hear(standing(2000, 0))
  expect(truth.standing).toEqual(standing(3000, 1))
  expect(changes).toBe(2)
})

test("an item that was refused as sold out is sold out until a standing says otherwise", () => {
  const truth = truthOf(() => {})
  truth.hear(standing(2000, 1))
  truth.noteSoldOut("i")
  expect(truth.standing?.items[0]).toMatchObject({ gone: true, available: 0 })
  truth.hear(standing(3000, 1))
  expect(truth.standing?.items[0]).toMatchObject({ gone: false, available: 1 })
})
