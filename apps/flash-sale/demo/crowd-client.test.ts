// The crowd's few connections: everybody is answered, what is lost is said to be lost, and a shop that comes back is found.
import { expect, test } from "bun:test"
import { type Answer, CrowdClient } from "./crowd-client.ts"

function shopAnswering(answer: (request: Request) => Response | Promise<Response>, port = 0) {
  const server = Bun.serve({ hostname: "127.0.0.1", port, fetch: answer })
  return { url: server.url.origin, port: server.port as number, stop: () => server.stop(true) }
}

test("a thousand questions over four connections each get their own answer, whatever is in it", async () => {
  const shop = shopAnswering(async (request) => {
    const { pathname } = new URL(request.url)
    return Response.json({
      path: pathname,
      body: await request.text(),
      who: request.headers.get("authorization"),
      title: "月光灯笼",
    })
  })
  using client = new CrowdClient(shop.url, 4)
  const answers = await Promise.all(
    Array.from({ length: 1000 }, (_, at) =>
      client.ask({
        method: "POST",
        path: `/${at}`,
        headers: { Authorization: `u${at}` },
        body: `想要 ${at}`,
      }),
    ),
  )
  for (const [at, { status, body }] of answers.entries()) {
    expect(status).toBe(200)
    expect(JSON.parse(body)).toEqual({ path: `/${at}`, body: `想要 ${at}`, who: `u${at}`, title: "月光灯笼" })
  }
  await shop.stop()
})

test("an answer without a body, and one that comes in many pieces", async () => {
  const long = "x".repeat(3_000_000)
  const shop = shopAnswering(({ method }) =>
    method === "DELETE" ? new Response(null, { status: 204 }) : new Response(long),
  )
  using client = new CrowdClient(shop.url, 1)
  expect(await client.ask({ method: "DELETE", path: "/" })).toEqual({ status: 204, body: "" })
  expect((await client.ask({ method: "GET", path: "/" })).body).toBe(long)
  await shop.stop()
})

test("who asked a shop that dies hears that the answer is lost, and who asks its successor is answered", async () => {
  const asked = Promise.withResolvers<void>()
  const first = shopAnswering(() => {
    asked.resolve()
    return new Promise<Response>(() => {})
  })
  using client = new CrowdClient(first.url, 2)
  const lost = client.ask({ method: "GET", path: "/" })
  const failed = lost.then(
    () => null,
    (error: unknown) => error,
  )
  await asked.promise
  await first.stop()
  expect(await failed).toBeInstanceOf(Error)
  await expect(client.ask({ method: "GET", path: "/" })).rejects.toThrow()
  const second = shopAnswering(() => new Response("back"), first.port)
  const answer: Answer = await client.ask({ method: "GET", path: "/" })
  expect(answer.body).toBe("back")
  await second.stop()
})

test("who has clicked goes before who has yet to log in", async () => {
  const order: string[] = []
  const shop = shopAnswering(({ url }) => {
    order.push(new URL(url).pathname)
    return new Response("")
  })
  using client = new CrowdClient(shop.url, 1)
  await Promise.all([
    client.ask({ method: "POST", path: "/login-1", canWait: true }),
    client.ask({ method: "POST", path: "/login-2", canWait: true }),
    client.ask({ method: "POST", path: "/click" }),
  ])
  expect(order).toEqual(["/click", "/login-1", "/login-2"])
  await shop.stop()
})
