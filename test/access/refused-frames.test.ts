// What a client sends without the right to send it: it is passed over once, never read, and counted against its sender.
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { connectByLaba, type LabaListener } from "../support/laba-socket.ts"
import { bearing, shop, startGuarded } from "./guarded.ts"

setDefaultTimeout(60_000)

/** Everybody listens, a key publishes. */
const closed = { "/**": { listen: "anyone", publish: "key" } } as const
const nobodyMay = { channels: closed, proxies: ["127.0.0.1"] } as const

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth)

const publishing = (rest: string): string => `{"op":"publish","ref":1,"channel":"/a",${rest}}`

/** The answer to one frame. */
async function answerTo(listener: LabaListener, frame: string): Promise<string> {
  listener.socket.send(frame)
  const answer = await listener.frames.next()
  return answer.op === "error" ? answer.code : answer.op
}

describe("[P10] whoever may not publish", () => {
  test("cannot hold a node by what they send, however deep it is nested", async () => {
    await using server = await startGuarded(nobodyMay)
    await using attacker = await connectByLaba(`${server.base}/_/ws`)
    const frame = publishing(`"data":${nested(29_500)}`)
    const begun = performance.now()
    for (let i = 0; i < 15; i++) attacker.socket.send(frame)
    await attacker.frame("error")
    expect((await fetch(`${server.base}/_/live`)).status).toBe(200)
    // Read and printed each of the fifteen takes a third of a second or more, and then one more for the next.
    expect(performance.now() - begun).toBeLessThan(2000)
  })

  test("is told that, whatever is wrong with the payload", async () => {
    await using server = await startGuarded(nobodyMay)
    await using stranger = await connectByLaba(`${server.base}/_/ws`)
    await stranger.frame("hello")
    const payloads = [
      '"data":"no base64","base64":true',
      '"data":1,"type":"text/plain"',
      '"data":1,"type":"no type"',
      `"data":"${"x".repeat(70_000)}"`,
    ]
    for (const payload of payloads) expect(await answerTo(stranger, publishing(payload))).toBe("unauthorized")
  })

  test("is told that in a session too, and a session's bad POST reads nothing either", async () => {
    await using server = await startGuarded(nobodyMay)
    const opened = await fetch(`${server.base}/_/session`, { method: "POST" })
    const id = /"connection":"([^"]+)"/.exec(await opened.text())?.[1]
    const url = `${server.base}/_/session/${id}`
    const bad = await fetch(url, { method: "POST", body: `[${publishing(`"data":${nested(200_000)}`)}]` })
    expect([bad.status, ((await bad.json()) as { code: string }).code]).toEqual([400, "bad_json"])
    const post = await fetch(url, { method: "POST", body: publishing('"data":"no base64","base64":true') })
    expect(post.status).toBe(202)
    expect(await (await fetch(`${url}?ack=1&wait=5`)).text()).toContain('"code":"unauthorized"')
  })

  test("and who may, but too often, is told that before the payload is read", async () => {
    const channels = { "/**": { listen: "anyone", publish: "anyone" } } as const
    await using server = await startGuarded({ channels, limits: { publishesPerChannelPerSecond: 1 } })
    await using hasty = await connectByLaba(`${server.base}/_/ws`)
    await hasty.frame("hello")
    expect(await answerTo(hasty, publishing('"data":1'))).toBe("published")
    expect(await answerTo(hasty, publishing('"data":1,"type":"text/plain"'))).toBe("too_many_requests")
  })
})

describe("[L19] commands that are refused in a loop", () => {
  const via = "203.0.113.7"
  const anonymous = (base: string) => connectByLaba(`${base}/_/ws`, { "X-Forwarded-For": via })

  test("end their connection, with a code that sends the client away for a while", async () => {
    const limits = { refusalsPerConnectionPerSecond: 3 }
    await using server = await startGuarded({ ...nobodyMay, limits })
    await using looping = await anonymous(server.base)
    await looping.frame("hello")
    for (let i = 0; i < 3; i++) expect(await answerTo(looping, publishing('"data":1'))).toBe("unauthorized")
    // A frame that cannot be read counts like one that may not be.
    looping.socket.send('{"op":"fly","ref":1}')
    expect(await looping.frames.next()).toMatchObject({
      op: "error",
      code: "too_many_requests",
      limit: "refusalsPerConnectionPerSecond",
    })
    expect(await looping.frames.next().catch((error: Error) => error.message)).toContain(
      "4101 too_many_requests",
    )
  })

  test("count the more the longer they are", async () => {
    const limits = { refusalsPerConnectionPerSecond: 10 }
    await using server = await startGuarded({ ...nobodyMay, limits })
    await using long = await anonymous(server.base)
    await long.frame("hello")
    const frame = publishing(`"data":"${"x".repeat(60_000)}"`)
    expect([await answerTo(long, frame), await answerTo(long, frame), await answerTo(long, frame)]).toEqual([
      "unauthorized",
      "unauthorized",
      "too_many_requests",
    ])
  })

  test("are counted for all connections of one address together", async () => {
    const limits = { refusalsPerAddressPerSecond: 3 }
    await using server = await startGuarded({ ...nobodyMay, limits })
    const ends: string[] = []
    for (let i = 0; i < 4; i++) {
      await using one = await anonymous(server.base)
      await one.frame("hello")
      ends.push(await answerTo(one, publishing('"data":1')))
    }
    expect(ends).toEqual(["unauthorized", "unauthorized", "unauthorized", "too_many_requests"])
    // Another address is none of theirs, and nor is who is not refused.
    await using other = await connectByLaba(`${server.base}/_/ws`, { "X-Forwarded-For": "203.0.113.8" })
    await other.frame("hello")
    expect(await answerTo(other, publishing('"data":1'))).toBe("unauthorized")
    await using listening = await anonymous(server.base)
    await listening.frame("hello")
    expect(await answerTo(listening, '{"op":"subscribe","ref":1,"channel":"/a"}')).toBe("subscribed")
  })

  test("end a session whose POSTs are refused", async () => {
    await using server = await startGuarded({ ...nobodyMay, limits: { refusalsPerConnectionPerSecond: 3 } })
    const opened = await fetch(`${server.base}/_/session`, { method: "POST" })
    const id = /"connection":"([^"]+)"/.exec(await opened.text())?.[1]
    const url = `${server.base}/_/session/${id}`
    for (let i = 0; i < 4; i++) expect((await fetch(url, { method: "POST", body: "{}" })).status).toBe(400)
    expect(await (await fetch(`${url}?ack=1`)).text()).toContain('"code":"too_many_requests"')
  })
})

test("[P9] a body of the backend API that is nested millions deep is refused as no JSON", async () => {
  await using server = await startGuarded()
  const post = async (path: string, body: string): Promise<[number, string]> => {
    const headers = { ...bearing(shop.text), "Content-Type": "application/json" }
    const response = await fetch(`${server.base}${path}`, { method: "POST", headers, body })
    return [response.status, ((await response.json()) as { code?: string }).code ?? "done"]
  }
  const deep = nested(1_900_000)
  for (const body of [deep, `{"messages":[{"channel":"/a","data":${deep}}]}`])
    expect(await post("/_/api/publish", body)).toEqual([400, "bad_json"])
  expect(await post("/_/api/broadcast", `{"channels":["/a"],"data":${deep}}`)).toEqual([400, "bad_json"])
  expect(await post("/_/api/users/7/messages", `{"topic":"a","data":${deep}}`)).toEqual([400, "bad_json"])
  expect(await post("/_/api/revoke", `{"user":${deep}}`)).toEqual([400, "bad_json"])
  expect(await post("/a", nested(129))).toEqual([400, "bad_json"])
  expect((await post("/a", nested(128)))[0]).toBe(201)
})
