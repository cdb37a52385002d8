import { afterEach, expect, test } from "bun:test"
import { Problem, problemOf, type Reply, replyOf } from "../answers.ts"
import { DemoLogin } from "../login.ts"
import { TextSigner } from "../../admission/text-signer.ts"
import type { Click } from "./crossing.ts"
import { type Front, startFront } from "./front.ts"

const secret = "a secret of thirty-two characters"
const login = new DemoLogin(new TextSigner(secret))

const running: { close(): Promise<unknown> }[] = []

afterEach(async () => {
  for (const one of running.splice(0)) await one.close()
})

interface Stage {
  readonly front: Front
  readonly clicks: Click[]
  readonly passedOn: string[]
  readonly passedHeaders: Headers[]
  readonly failures: unknown[]
}

async function setOut(
  enter: (click: Click) => Reply | Promise<Reply>,
  { threads = 1, port = 0 } = {},
): Promise<Stage> {
  const clicks: Click[] = []
  const passedOn: string[] = []
  const passedHeaders: Headers[] = []
  const failures: unknown[] = []
  const shop = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      passedHeaders.push(request.headers)
      passedOn.push(`${request.method} ${new URL(request.url).pathname}`)
      return new Response("the shop")
    },
  })
  running.push({ close: () => shop.stop(true) })
  const front = await startFront({
    host: "127.0.0.1",
    port,
    threads,
    shopUrl: shop.url.origin,
    addressHeader: "x-real-ip",
    login: { secret },
    enter(click) {
      clicks.push(click)
      return enter(click)
    },
    onLate() {},
    onFailure(error) {
      failures.push(error)
      return problemOf(new Problem(500, "internal", "It failed."))
    },
  })
  running.unshift(front)
  return { front, clicks, passedOn, passedHeaders, failures }
}

const enterAs = (front: Front, user: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${front.port}/api/sales/s/tickets`, {
    method: "POST",
    ...init,
    headers: {
      Authorization: `Bearer ${login.issue(user, Date.now())}`,
      "Idempotency-Key": `key of ${user}`,
      ...init.headers,
    },
  })

test("each click gets the reply to it, whatever their order, over one thread and over three", async () => {
  for (const threads of [1, 3]) {
    const { front, clicks } = await setOut(
      async ({ user }) => {
        await Bun.sleep(Math.random() * 20)
        return replyOf({ user }, 201)
      },
      { threads },
    )
    const users = Array.from({ length: 200 }, (_, at) => `u${at}`)
    const answers = await Promise.all(users.map((user) => enterAs(front, user)))
    expect(answers.map(({ status }) => status)).toEqual(users.map(() => 201))
    expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual(users.map((user) => ({ user })))
    expect(clicks.map(({ user }) => user).toSorted()).toEqual(users.toSorted())
  }
})

test("a click crosses with what was asked: by the body, or by a header alone", async () => {
  const { front, clicks } = await setOut(() => replyOf({}, 201))
  await enterAs(front, "ann", { body: JSON.stringify({ item: "a\nb", token: "t" }) })
  await enterAs(front, "ben", { headers: { "Buy-Token": "t2" } })
  expect(clicks).toMatchObject([
    { sale: "s", user: "ann", key: "key of ann", item: "a\nb", token: "t" },
    { sale: "s", user: "ben", key: "key of ben", item: null, token: "t2" },
  ])
})

test("where a click comes from crosses with it, and what is passed on says it too, whatever the client claims", async () => {
  const { front, clicks, passedHeaders } = await setOut(() => replyOf({}, 201))
  const claimed = { "flash-sale-address": "1.2.3.4" }
  await enterAs(front, "ann", { headers: { "X-Real-IP": "203.0.113.7" } })
  await enterAs(front, "ben", { headers: claimed })
  expect(clicks.map(({ address }) => address)).toEqual(["203.0.113.7", null])
  const at = `http://127.0.0.1:${front.port}/api/login`
  await fetch(at, { method: "POST", headers: { ...claimed, "X-Real-IP": "2001:db8::1" } })
  await fetch(at, { method: "POST", headers: claimed })
  expect(passedHeaders.map((headers) => headers.get("flash-sale-address"))).toEqual([
    "2001:db8:0:0::/64",
    null,
  ])
})

test("a reply keeps its status, its kind and its Retry-After", async () => {
  const { front } = await setOut(() => ({
    status: 503,
    isProblem: true,
    retryAfterSeconds: 7,
    text: '{"code":"QUEUE_FULL"}',
  }))
  const answer = await enterAs(front, "ann")
  expect(answer.status).toBe(503)
  expect(answer.headers.get("retry-after")).toBe("7")
  expect(answer.headers.get("content-type")).toStartWith("application/problem+json")
  expect(await answer.json()).toEqual({ code: "QUEUE_FULL" })
})

test("who is nobody, has no key or sends nonsense is refused without troubling the shop", async () => {
  const { front, clicks } = await setOut(() => replyOf({}, 201))
  const refusals = [
    await enterAs(front, "ann", { headers: { Authorization: "Bearer forged" } }),
    await enterAs(front, "ann", { headers: { "Idempotency-Key": "" } }),
    await enterAs(front, "ann", { body: "[]" }),
    await enterAs(front, "ann", { body: JSON.stringify({ token: "x".repeat(20_000) }) }),
    await enterAs(front, "ann", { headers: { "Sec-Fetch-Site": "cross-site" } }),
  ]
  expect(refusals.map(({ status }) => status)).toEqual([401, 400, 400, 413, 403])
  expect(clicks).toEqual([])
})

test("what the shop throws is an answer, and the next click is none the worse for it", async () => {
  let times = 0
  const { front, failures } = await setOut(({ user }) => {
    times++
    if (user === "ann") throw new Error("a bug")
    if (user === "ben") return Promise.reject(new Error("another"))
    return replyOf({}, 201)
  })
  const statuses = []
  for (const user of ["ann", "ben", "cid"]) statuses.push((await enterAs(front, user)).status)
  expect(statuses).toEqual([500, 500, 201])
  expect(times).toBe(3)
  expect(failures).toHaveLength(2)
})

test("everything else is passed on to the shop", async () => {
  const { front, passedOn } = await setOut(() => replyOf({}, 201))
  const at = `http://127.0.0.1:${front.port}`
  await fetch(`${at}/api/sales/s`)
  await fetch(`${at}/api/sales/s/x/tickets`, { method: "POST" })
  await fetch(`${at}/api/sales/s/tickets`)
  expect(passedOn).toEqual(["GET /api/sales/s", "POST /api/sales/s/x/tickets", "GET /api/sales/s/tickets"])
})

test("it answers what was asked before it closes", async () => {
  const asked = Promise.withResolvers<void>()
  const { front } = await setOut(async () => {
    asked.resolve()
    await Bun.sleep(100)
    return replyOf({}, 201)
  })
  const answer = enterAs(front, "ann")
  await asked.promise
  running.splice(running.indexOf(front), 1)
  await Promise.all([front.close(), answer])
  expect((await answer).status).toBe(201)
})

test("a port that another shop has is not shared with it, by one thread or by several", async () => {
  for (const threads of [1, 2]) {
    const { front } = await setOut(() => replyOf({}, 201), { threads })
    for (const more of [1, 2])
      await expect(setOut(() => replyOf({}, 201), { threads: more, port: front.port })).rejects.toThrow()
  }
})
