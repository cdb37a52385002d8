import { expect, test } from "bun:test"
import { type Ask, type Asked, Refused, Unreachable } from "../ask.ts"
import { type Click, type ClickOptions, enter } from "./click.ts"

const admission = { sale: "s", number: 7, position: 3 }

/** A shop that gives these answers to entering, one after the other; errors are thrown. */
function shop(answers: readonly unknown[], given: Partial<ClickOptions> = {}) {
  const asked: { path: string; key: string | undefined; token: string | undefined; body: unknown }[] = []
  const said: Click[] = []
  const pauses: number[] = []
  let at = 0
  const ask: Ask = async <T>(_: string, path: string, { headers, body }: Asked = {}) => {
    asked.push({ path, key: headers?.["Idempotency-Key"], token: headers?.["Buy-Token"], body })
    if (path.endsWith("/token")) return { token: "t" } as T
    const answer = answers[at++]
    if (answer instanceof Error) throw answer
    return answer as T
  }
  const entered = enter({
    ...{ ask, sale: "s", item: "i", key: "k", jitterMs: 0, random: () => 0 },
    startsAt: () => 1000,
    now: () => 2000,
    pause: async (ms) => void pauses.push(ms),
    said: (click) => said.push(click),
    ...given,
  })
  return { entered, asked, said, pauses }
}

const refused = (status: number, body: Record<string, unknown>): Refused => new Refused(status, body)

test("a click gets a token, then a ticket", async () => {
  const { entered, asked } = shop([admission])
  expect(await entered).toEqual({ admission } as never)
  expect(asked.map(({ path }) => path)).toEqual(["/api/sales/s/token", "/api/sales/s/tickets"])
})

test("the token goes along as a header, the item as a body, and the only item not at all", async () => {
  const named = shop([admission])
  await named.entered
  expect(named.asked.at(-1)).toMatchObject({ token: "t", body: { item: "i" } })
  const only = shop([admission], { item: null })
  await only.entered
  expect(only.asked.at(-1)).toMatchObject({ token: "t", body: undefined })
})

test("what was lost on the way is sent again under the same key", async () => {
  const { entered, asked } = shop([new Unreachable(), new Unreachable(), admission])
  expect(await entered).toEqual({ admission } as never)
  expect(asked.filter(({ path }) => path.endsWith("/tickets")).map(({ key }) => key)).toEqual(["k", "k", "k"])
})

test("a full queue is knocked at again, when it said, and the buyer is told until when", async () => {
  const full = refused(503, { code: "QUEUE_FULL", next: "later", retryAfterSeconds: 5 })
  const { entered, said, pauses } = shop([full, admission])
  await entered
  expect(pauses).toEqual([5000])
  expect(said).toContainEqual({ kind: "knocking", code: "QUEUE_FULL", againAt: 7000 })
})

test("a disk that refused is tried again without a word", async () => {
  const full = refused(503, { code: "NOT_SAVED", next: "later", retryAfterSeconds: 1 })
  const { entered, said } = shop([full, admission])
  await entered
  expect(said.every(({ kind }) => kind === "entering")).toBe(true)
})

test("a token that was not good is followed by a new one", async () => {
  const { entered, asked } = shop([refused(403, { code: "BAD_TOKEN", next: "token" }), admission])
  await entered
  expect(asked.filter(({ path }) => path.endsWith("/token"))).toHaveLength(2)
})

test("who holds a ticket already gets it, who came too late is told why", async () => {
  const ticket = { number: 3 }
  const held = shop([refused(409, { code: "ALREADY_IN", next: "never", ticket })])
  expect(await held.entered).toEqual({ held: ticket } as never)
  const late = shop([refused(410, { code: "SOLD_OUT", next: "never" })])
  expect(await late.entered).toEqual({ refused: "SOLD_OUT" })
})

test("in the lobby no token is asked for", async () => {
  const { entered, asked } = shop([admission], { now: () => 500 })
  await entered
  expect(asked).toEqual([{ path: "/api/sales/s/tickets", key: "k", token: undefined, body: { item: "i" } }])
})

test("the first requests after the start are spread, and later ones are not", async () => {
  const early = shop([admission], { now: () => 1000, jitterMs: 500, random: () => 0.6 })
  await early.entered
  expect(early.pauses).toEqual([300])
  const late = shop([admission], { now: () => 1500, jitterMs: 500, random: () => 0.6 })
  await late.entered
  expect(late.pauses).toEqual([])
})

test("calling it off ends it", async () => {
  const full = refused(503, { code: "QUEUE_FULL", next: "later", retryAfterSeconds: 5 })
  const { entered } = shop([full, admission], { pause: () => Promise.reject(new Error("called off")) })
  expect(entered).rejects.toThrow("called off")
})
