// `laba forward` in a process of its own: what a receiver gets, and what becomes of its refusals.
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { join } from "node:path"
import { webhookHeaders } from "../../src/reactions/webhook-signature.ts"
import { emptyFolder, laba, LabaProcess } from "../cli/laba.ts"
import { publish, publishAll } from "../support/publish.ts"
import { freshChannel, startServer } from "../support/server.ts"

/** A busy machine takes its time to start processes. */
setDefaultTimeout(60_000)

interface Got {
  readonly headers: Headers
  readonly body: Uint8Array
}

/** A receiver that keeps what it gets and answers as it is told. */
function receiver(answer: (got: Got, count: number) => Response | Promise<Response> = () => new Response()) {
  const got: Got[] = []
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const one = { headers: request.headers, body: new Uint8Array(await request.arrayBuffer()) }
      got.push(one)
      return answer(one, got.length)
    },
  })
  return {
    got,
    url: `http://127.0.0.1:${server.port}/hook`,
    async has(count: number): Promise<Got[]> {
      while (got.length < count) await Bun.sleep(10)
      return got
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

const textIn = ({ body }: Got): string => new TextDecoder().decode(body)

async function stage() {
  const server = await startServer()
  const folder = await emptyFolder()
  const url = server.base + freshChannel("forward")
  const state = join(folder.path, "state")
  return {
    url,
    state,
    run: (to: string, more: string[] = [], env: Record<string, string> = {}) =>
      new LabaProcess(["forward", url, "--to", to, "--state", state, ...more], { env }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

describe("laba forward", () => {
  test("posts each message in order, its facts as CloudEvents' headers, signed", async () => {
    await using hook = receiver()
    await using at = await stage()
    await using forwarding = at.run(hook.url, [], { LABA_WEBHOOK_SECRET: "s3cret" })
    await forwarding.says(/reacting to/)
    const first = await publish(at.url, "喇叭")
    await publish(at.url, '{"a": 1}', { type: "application/json" })
    await publish(at.url, new Uint8Array([0, 255, 10]), { type: "image/png" })
    const [one, two, three] = (await hook.has(3)) as [Got, Got, Got]
    expect(textIn(one)).toBe("喇叭")
    expect(textIn(two)).toBe('{"a": 1}')
    expect([...three.body]).toEqual([0, 255, 10])
    expect([one, two, three].map(({ headers }) => headers.get("content-type"))).toEqual([
      "text/plain; charset=utf-8",
      "application/json",
      "image/png",
    ])
    expect(one.headers.get("ce-specversion")).toBe("1.0")
    expect(one.headers.get("ce-id")).toBe(first.id)
    expect(one.headers.get("ce-source")).toBe(first.channel)
    expect(one.headers.get("ce-cursor")).toBe(first.cursor)
    const seconds = Number(one.headers.get("webhook-timestamp"))
    const signed = webhookHeaders("s3cret", { id: first.id, seconds, body: "喇叭" })
    expect(one.headers.get("webhook-signature")).toBe(signed["webhook-signature"] as string)
  })

  test("tries again what a receiver could not take, and keeps the rest behind it", async () => {
    await using hook = receiver((_, count) => new Response("busy", { status: count === 1 ? 503 : 204 }))
    await using at = await stage()
    await using forwarding = at.run(hook.url)
    await forwarding.says(/reacting to/)
    await publishAll(at.url, ["a", "b"])
    const got = await hook.has(3)
    expect(got.map(textIn)).toEqual(["a", "a", "b"])
    expect(got.map(({ headers }) => headers.get("ce-attempt"))).toEqual(["1", "2", "1"])
    expect(new Set(got.map(({ headers }) => headers.get("ce-id"))).size).toBe(2)
  })

  test("sets aside at once what will never be taken", async () => {
    await using hook = receiver(
      (one) => new Response("no such field", { status: textIn(one) === "bad" ? 422 : 200 }),
    )
    await using at = await stage()
    await using forwarding = at.run(hook.url)
    await forwarding.says(/reacting to/)
    await publishAll(at.url, ["bad", "good"])
    await hook.has(2)
    await forwarding.says(/set aside/)
    const { out } = await laba(["forward", at.url, "--state", at.state, "--aside"])
    expect(JSON.parse(out)).toMatchObject({ attempts: 1, message: { data: "bad" } })
    expect(JSON.parse(out).reason).toContain("answered 422: no such field")
  })

  test("has never more under way than it may, and reaches that", async () => {
    const gate = Promise.withResolvers<void>()
    let under = 0
    let most = 0
    await using hook = receiver(async () => {
      most = Math.max(most, ++under)
      if (under === 3) gate.resolve()
      await gate.promise
      under--
      return new Response()
    })
    await using at = await stage()
    await using forwarding = at.run(hook.url, ["--at-once", "3"])
    await forwarding.says(/reacting to/)
    await publishAll(
      at.url,
      Array.from({ length: 20 }, (_, index) => String(index)),
    )
    const got = await hook.has(20)
    expect(most).toBe(3)
    expect(new Set(got.map(textIn)).size).toBe(20)
  })

  test("follows no redirect: the payload goes to whom it was meant for", async () => {
    await using elsewhere = receiver()
    await using hook = receiver(() => Response.redirect(elsewhere.url, 307))
    await using at = await stage()
    await using forwarding = at.run(hook.url, ["--tries", "1"])
    await forwarding.says(/reacting to/)
    await publish(at.url, "secret")
    await forwarding.says(/answered 307.*set aside/)
    expect(elsewhere.got).toEqual([])
  })
})
