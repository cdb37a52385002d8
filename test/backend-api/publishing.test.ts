import { describe, expect, test } from "bun:test"
import { textOf } from "../support/heard.ts"
import { headOf } from "../support/publish.ts"
import { listenByRawSocket } from "../support/raw-socket.ts"
import { openStage } from "./stage.ts"

interface Results {
  readonly results: { channel: string; cursor?: string; duplicate?: boolean; error?: { code: string } }[]
}

const lengthOf = async (base: string, channel: string) => (await headOf(`${base}${channel}`)).length

describe("publishing many", () => {
  test("publishes each message to its channel, in order, and answers for each", async () => {
    await using stage = await openStage()
    await using listener = await listenByRawSocket(`${stage.base}/a`)
    const messages = [
      { channel: "/a", data: "one", type: "text/plain" },
      { channel: "/b", data: { n: 1 } },
      { channel: "/a", data: "two", type: "text/plain" },
    ]
    const { results } = await stage.json<Results>(200, "POST", "/_/api/publish", { messages })
    expect(results.map(({ channel }) => channel)).toEqual(["/a", "/b", "/a"])
    expect(results[0]?.cursor).not.toBe(results[2]?.cursor)
    expect((await listener.messages(2)).map(textOf)).toEqual(["one", "two"])
    expect(await (await fetch(`${stage.base}/b`)).json()).toEqual({ n: 1 })
  })

  test("publishes nothing when one message is wrong, and says which", async () => {
    await using stage = await openStage({ limits: { messageBytesMax: 1000 } })
    const good = { channel: "/good", data: 1 }
    const wrong: [unknown, number, string][] = [
      [{ channel: "no slash", data: 1 }, 400, "bad_channel"],
      [{ channel: "/c" }, 400, "bad_body"],
      [{ channel: "/c", data: 1, surplus: 1 }, 400, "bad_body"],
      [{ channel: "/c", data: 1, type: "text/plain" }, 400, "bad_body"],
      [{ channel: "/c", data: "!", type: "image/png", base64: true }, 400, "bad_body"],
      [{ channel: "/c", data: 1, key: "with space" }, 400, "bad_key"],
      [{ channel: "/c", data: "x".repeat(1001) }, 413, "too_large"],
    ]
    for (const [message, status, code] of wrong) {
      const problem = await stage.refusal("POST", "/_/api/publish", { messages: [good, message, good] })
      expect([problem.status, problem.code, problem.detail]).toEqual([
        status,
        code,
        expect.stringMatching(/messages(\[1\]|\.1)/),
      ])
    }
    expect(await lengthOf(stage.base, "/good")).toBe(0)
    expect(await lengthOf(stage.base, "/c")).toBe(0)
  })

  test("answers for one that the engine refuses, and publishes the others", async () => {
    await using stage = await openStage()
    const keyed = (data: string) => ({ channel: "/k", data, key: "same" })
    const { results } = await stage.json<Results>(200, "POST", "/_/api/publish", {
      messages: [keyed("a"), keyed("a"), keyed("b"), { channel: "/other", data: 1 }],
    })
    expect(results[1]).toMatchObject({ duplicate: true, cursor: results[0]?.cursor })
    expect(results[2]).toMatchObject({ channel: "/k", error: { code: "idempotency_conflict", status: 409 } })
    expect(results[3]).toMatchObject({ channel: "/other", duplicate: false })
    expect(await lengthOf(stage.base, "/k")).toBe(1)
    expect(stage.laba.counters.publishesRefused.get("idempotency_conflict")).toBe(1)
  })

  test("takes text, JSON and bytes, and hands them on as they came", async () => {
    await using stage = await openStage()
    const bytes = new Uint8Array([0, 255, 128])
    await stage.json(200, "POST", "/_/api/publish", {
      messages: [
        { channel: "/text", data: "喇叭", type: "text/plain" },
        {
          channel: "/bytes",
          data: Buffer.from(bytes).toString("base64"),
          type: "application/octet-stream",
          base64: true,
        },
        { channel: "/null", data: null },
      ],
    })
    expect(await (await fetch(`${stage.base}/text`)).text()).toBe("喇叭")
    expect(await (await fetch(`${stage.base}/bytes`)).bytes()).toEqual(bytes)
    expect(await (await fetch(`${stage.base}/null`)).text()).toBe("null")
  })

  test("refuses what is no such request, before it is read whole where it can", async () => {
    await using stage = await openStage()
    const refusals: [unknown, string, Record<string, string>?][] = [
      [{ messages: [] }, "bad_body"],
      [{ messages: Array.from({ length: 1001 }, () => ({ channel: "/c", data: 1 })) }, "bad_body"],
      ["{", "bad_json"],
      ["null", "bad_body"],
      ["x", "unsupported_type", { "content-type": "text/plain" }],
      [`{"messages":"${"x".repeat(5_000_000)}"}`, "too_large"],
    ]
    for (const [body, code, headers] of refusals) {
      expect((await stage.refusal("POST", "/_/api/publish", body, headers)).code).toBe(code as never)
    }
  })
})

describe("a broadcast", () => {
  test("reaches every channel once, and answers for each", async () => {
    await using stage = await openStage()
    const channels = ["/one", "/two", "/%74wo", "/three"]
    const { results } = await stage.json<Results>(200, "POST", "/_/api/broadcast", {
      channels,
      data: "hello",
    })
    expect(results.map(({ channel }) => channel)).toEqual(["/one", "/two", "/three"])
    expect(await lengthOf(stage.base, "/two")).toBe(1)
  })

  test("with one bad name reaches nobody", async () => {
    await using stage = await openStage()
    const problem = await stage.refusal("POST", "/_/api/broadcast", { channels: ["/one", "/_/two"], data: 1 })
    expect(problem).toMatchObject({ code: "bad_channel", detail: expect.stringContaining("channels[1]") })
    expect(await lengthOf(stage.base, "/one")).toBe(0)
  })

  test("with a key is safe to repeat", async () => {
    await using stage = await openStage()
    const body = { channels: ["/one", "/two"], data: 1, key: "k" }
    await stage.json(200, "POST", "/_/api/broadcast", body)
    const { results } = await stage.json<Results>(200, "POST", "/_/api/broadcast", body)
    expect(results.map(({ duplicate }) => duplicate)).toEqual([true, true])
    expect(await lengthOf(stage.base, "/one")).toBe(1)
  })
})

describe("a push to a user", () => {
  test("is a message in the user's own channel, there also when they come later", async () => {
    await using stage = await openStage()
    const answer = await stage.json<{ channel: string }>(201, "POST", "/_/api/users/ann/messages", {
      topic: "orders/42",
      data: { state: "paid" },
    })
    expect(answer.channel).toBe("/@ann/orders/42")
    expect(await (await fetch(`${stage.base}/@ann/orders/42`)).json()).toEqual({ state: "paid" })
  })

  test("finds one user alone, however the name is spelled", async () => {
    await using stage = await openStage()
    const channelOf = async (user: string) => {
      const path = `/_/api/users/${encodeURIComponent(user)}/messages`
      return (await stage.json<{ channel: string }>(201, "POST", path, { topic: "t", data: 1 })).channel
    }
    const users = ["ann", "Ann", "a/b", "a%2Fb", "me", "喇叭", "a b", "a?b#c"]
    const channels = await Promise.all(users.map(channelOf))
    expect(new Set(channels).size).toBe(users.length)
    for (const channel of channels) expect(channel).toMatch(/^\/@[^/]+\/t$/)
  })

  test("answers 200 to a repetition, and 409 to another message with its key", async () => {
    await using stage = await openStage()
    const push = { topic: "t", data: 1, key: "k" }
    await stage.json(201, "POST", "/_/api/users/ann/messages", push)
    expect(await stage.json<object>(200, "POST", "/_/api/users/ann/messages", push)).toMatchObject({
      duplicate: true,
    })
    expect((await stage.refusal("POST", "/_/api/users/ann/messages", { ...push, data: 2 })).code).toBe(
      "idempotency_conflict",
    )
  })

  test("refuses a topic that would leave the user's channels", async () => {
    await using stage = await openStage()
    for (const topic of ["../bob/t", "", "/t", "a//b", "a/../../@bob"]) {
      const problem = await stage.refusal("POST", "/_/api/users/ann/messages", { topic, data: 1 })
      expect([topic, problem.status]).toEqual([topic, 400])
    }
  })
})
