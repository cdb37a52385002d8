// Many at once where there is room for few, while the application is still asked about each of them: what is bounded is
// reserved before anybody waits.
import { expect, test } from "bun:test"
import type { Hooks } from "../../src/hooks/hooks.ts"
import { bearing, codeOf, handshakeAt, secret, startGuarded, tokenFor } from "../access/guarded.ts"

const room = 3
const crowd = 12

/** An application that answers once all of the crowd is in front of it, or was refused. */
function startSlowApplication(said?: ReturnType<NonNullable<Hooks["onConnect"]>>) {
  let answer = (): void => {}
  const asked = new Promise<void>((resolve) => (answer = resolve))
  let count = 0
  return {
    answer: () => answer(),
    get count() {
      return count
    },
    onConnect: async () => {
      count++
      await asked
      return said
    },
  }
}

const via = { "X-Forwarded-For": "203.0.113.7" }

/** How one of the crowd comes in: `let in`, or the code of the refusal. */
const ways = {
  stream: (base: string, headers: Record<string, string>) =>
    fetch(`${base}/c`, { headers: { ...headers, Accept: "text/event-stream" } }).then(codeOf),
  "streamed session": (base: string, headers: Record<string, string>) =>
    fetch(`${base}/_/session`, { headers: { ...headers, Accept: "text/event-stream" } }).then(codeOf),
  "polled session": (base: string, headers: Record<string, string>) =>
    fetch(`${base}/_/session`, { method: "POST", headers }).then(codeOf),
  WebSocket: async (base: string, headers: Record<string, string>) =>
    (
      await handshakeAt(
        base,
        "/c",
        Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      )
    ).code ?? "let in",
} as const

/** Lets the whole crowd come; answers how many were let in. Who was refused was refused for the bound. */
async function letIn(
  come: () => Promise<string>,
  application: ReturnType<typeof startSlowApplication>,
): Promise<number> {
  let refused = 0
  const outcomes = Array.from({ length: crowd }, async () => {
    const code = await come()
    if (code === "too_many_connections") refused++
    return code
  })
  // Everybody is either in front of the application or was turned away before it.
  for (let tries = 0; application.count + refused < crowd && tries < 400; tries++) await Bun.sleep(5)
  application.answer()
  const codes = await Promise.all(outcomes)
  expect(codes.filter((code) => code !== "too_many_connections" && code !== "let in")).toEqual([])
  return codes.filter((code) => code === "let in").length
}

for (const [name, come] of Object.entries(ways)) {
  test(`[A12] over ${name} no more than an address may have are let in at once`, async () => {
    const application = startSlowApplication()
    await using server = await startGuarded({
      proxies: ["127.0.0.1"],
      channels: { "/**": { listen: "anyone" } },
      limits: { connectionsPerAddressMax: room },
      onConnect: application.onConnect,
    })
    expect(await letIn(() => come(server.base, via), application)).toBe(room)
    expect(application.count).toBe(room)
  })

  test(`[A12] over ${name} no more than a user may have are let in at once`, async () => {
    const application = startSlowApplication()
    await using server = await startGuarded({
      tokens: { secret },
      channels: { "/**": { listen: "token" } },
      limits: { connectionsPerUserMax: room },
      onConnect: application.onConnect,
    })
    const token = bearing(await tokenFor("1001"))
    expect(await letIn(() => come(server.base, token), application)).toBe(room)
    expect(application.count).toBe(room)
  })
}

test("[A12] no more are let in at once than a user may have whom only the application knows", async () => {
  const application = startSlowApplication({ user: "1001" })
  await using server = await startGuarded({
    channels: { "/**": { listen: "anyone" } },
    limits: { connectionsPerUserMax: room },
    onConnect: application.onConnect,
  })
  expect(await letIn(() => ways.stream(server.base, {}), application)).toBe(room)
})

test("[A12] no more are let in at once than there is room for", async () => {
  const application = startSlowApplication()
  await using server = await startGuarded({
    channels: { "/**": { listen: "anyone" } },
    limits: { connectionsMax: room },
    onConnect: application.onConnect,
  })
  expect(await letIn(() => ways.stream(server.base, {}), application)).toBe(room)
})

test("[A12] who is refused by the application gives back their place", async () => {
  await using server = await startGuarded({
    proxies: ["127.0.0.1"],
    channels: { "/**": { listen: "anyone" } },
    limits: { connectionsPerAddressMax: 1, connectionsMax: 1 },
    onConnect: () => ({ refuse: { detail: "Not today." } }),
  })
  for (const come of Object.values(ways)) expect(await come(server.base, via)).toBe("forbidden")
})
