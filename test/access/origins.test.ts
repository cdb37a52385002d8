// Pages of other origins: what they may ask, what they may read, and what a cookie is worth when they ask.
import { describe, expect, test } from "bun:test"
import { askRaw } from "../support/raw-tcp.ts"
import { freshChannel, startServer } from "../support/server.ts"
import {
  bearing,
  codeOf,
  type Guarded,
  handshakeAt,
  secret,
  shop,
  startGuarded,
  tokenFor,
} from "./guarded.ts"
import { handshakeHeaders } from "../support/websocket-frames.ts"

const shopOrigin = "https://shop.example"
const evil = "https://evil.example"

const from = (base: string, headers: Record<string, string>, init: RequestInit = {}, path = "/c?after=e-0") =>
  fetch(base + path, { ...init, headers })

const preflight = (base: string, origin: string) =>
  from(base, { Origin: origin, "Access-Control-Request-Method": "POST" }, { method: "OPTIONS" }, "/c")

describe("a list of origins", () => {
  const options = {
    origins: [shopOrigin],
    channels: { "/**": { listen: "anyone", publish: "anyone" } },
  } as const

  test("[A11] lets its pages ask and read, and tells browsers so", async () => {
    await using server = await startGuarded(options)
    const answer = await from(server.base, { Origin: shopOrigin })
    expect(answer.status).toBe(200)
    expect(answer.headers.get("access-control-allow-origin")).toBe(shopOrigin)
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull()
    expect(answer.headers.get("vary")).toContain("Origin")
    const asked = await preflight(server.base, shopOrigin)
    expect(asked.status).toBe(204)
    expect(asked.headers.get("access-control-allow-methods")).toContain("POST")
    expect(asked.headers.get("access-control-allow-headers")).toContain("Idempotency-Key")
    // A refusal can be read too, or a page could not tell what is wrong.
    const refused = await from(server.base, { Origin: shopOrigin, ...bearing("broken") })
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([401, shopOrigin])
    const stream = await from(server.base, { Origin: shopOrigin, Accept: "text/event-stream" }, {}, "/c")
    expect(stream.headers.get("access-control-allow-origin")).toBe(shopOrigin)
    await stream.body?.cancel()
  })

  test("[A11] lets stand-ins for EventSource ask, with the headers that they add", async () => {
    await using server = await startGuarded(options)
    for (const asked of ["cache-control", "cache-control,last-event-id", "pragma", "x-requested-with"]) {
      const headers = {
        Origin: shopOrigin,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": asked,
      }
      const answer = await from(server.base, headers, { method: "OPTIONS" }, "/c")
      const allowed = answer.headers.get("access-control-allow-headers")?.toLowerCase().split(/, */) ?? []
      expect(asked.split(",").filter((name) => !allowed.includes(name))).toEqual([])
    }
  })

  test("[A11] tells caches that an answer depends on who asks, also where no page did", async () => {
    await using server = await startGuarded(options)
    await from(server.base, bearing(shop.text), { method: "POST", body: "x" }, "/c")
    const varies = async (path: string, headers: Record<string, string> = {}, method = "GET") => {
      const answer = await from(server.base, headers, { method }, path)
      await answer.body?.cancel()
      return (answer.headers.get("vary") ?? "").split(", ").sort()
    }
    for (const headers of [{}, { Origin: shopOrigin }, { Origin: evil }] as Record<string, string>[]) {
      const byType = headers.Origin === evil ? ["Origin"] : ["Accept", "Origin"]
      expect(await varies("/c", headers)).toEqual(byType)
      expect(await varies("/c?after=e-0", headers)).toEqual(byType)
      expect(await varies("/c", { ...headers, Accept: "text/event-stream" })).toEqual(byType)
      expect(await varies("/_/events?channel=/c", { ...headers, Accept: "text/event-stream" })).toEqual(
        byType,
      )
      expect(await varies("/c", headers, "HEAD")).toEqual(["Origin"])
      expect(await varies("/_/live", headers)).toEqual(["Origin"])
    }
    // What a cache keeps and asks about again.
    const etag = (await from(server.base, {}, {}, "/c")).headers.get("etag") as string
    const same = await from(server.base, { "If-None-Match": etag }, {}, "/c")
    expect([same.status, same.headers.get("vary")]).toEqual([304, "Accept, Origin"])
  })

  test("[A11] refuses every other page, at every door and with a good credential too", async () => {
    await using server = await startGuarded(options)
    for (const origin of [
      evil,
      "null",
      "https://shop.example.evil.example",
      "http://shop.example",
      "https://shop.example:8443",
    ]) {
      const answers = [
        await from(server.base, { Origin: origin, ...bearing(shop.text) }),
        await from(server.base, { Origin: origin, Accept: "text/event-stream" }, {}, "/c"),
        await from(server.base, { Origin: origin }, { method: "POST", body: "x" }, "/c"),
      ]
      for (const answer of answers) {
        expect([origin, answer.headers.get("access-control-allow-origin")]).toEqual([origin, null])
        expect([origin, await codeOf(answer)]).toEqual([origin, "foreign_origin"])
      }
      expect([origin, (await handshakeAt(server.base, "/c", [`Origin: ${origin}`])).code]).toEqual([
        origin,
        "foreign_origin",
      ])
    }
    expect(server.laba.counters.requestsRefused.get("foreign_origin")).toBe(20)
    expect(server.laba.counters.published).toBe(0)
  })

  test("[A11] is not asked of the server's own pages, nor of what is no page", async () => {
    await using server = await startGuarded(options)
    expect((await from(server.base, { Origin: server.base })).status).toBe(200)
    expect((await from(server.base, {})).status).toBe(200)
  })

  test("of everybody lets every page read, but no cookie along", async () => {
    await using server = await startGuarded({ ...options, origins: ["*"] })
    const answer = await from(server.base, { Origin: evil })
    expect(answer.headers.get("access-control-allow-origin")).toBe(evil)
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull()
  })
})

describe("a cookie", () => {
  const options = { tokens: { secret, cookie: "session" }, origins: [shopOrigin] } as const
  const noList = { tokens: { secret, cookie: "session" } } as const
  const cookieOf = async (user: string) => `a=b; session=${await tokenFor(user)}; c=d`

  async function asking(server: Guarded, headers: Record<string, string>, init: RequestInit = {}) {
    return codeOf(await from(server.base, { Cookie: await cookieOf("1001"), ...headers }, init, "/@1001/x"))
  }

  test("[A6] says who somebody is to our own pages and those that are listed", async () => {
    await using server = await startGuarded(options)
    expect(await asking(server, { Origin: shopOrigin })).toBe("let in")
    expect(await asking(server, { Origin: server.base })).toBe("let in")
    expect(await asking(server, { "Sec-Fetch-Site": "same-origin" })).toBe("let in")
    const answer = await from(
      server.base,
      { Cookie: await cookieOf("1001"), Origin: shopOrigin },
      {},
      "/@1001/x",
    )
    expect(answer.headers.get("access-control-allow-credentials")).toBe("true")
  })

  test("[A6] does not let another site's page open a WebSocket as whoever looks at it", async () => {
    await using server = await startGuarded(noList)
    const cookie = `Cookie: ${await cookieOf("1001")}`
    const handshake = async (...headers: string[]) => {
      const { status, code } = await handshakeAt(server.base, "/@1001/x", [cookie, ...headers])
      return code ?? status
    }
    expect(await handshake(`Origin: ${evil}`)).toBe("foreign_origin")
    expect(await handshake("Origin: null")).toBe("foreign_origin")
    expect(await handshake()).toBe("foreign_origin")
    expect(await handshake("Sec-Fetch-Site: cross-site")).toBe("foreign_origin")
    expect(await handshake(`Origin: ${server.base}`)).toBe(101)
  })

  test("[A6] does not let another site's page publish or delete as whoever looks at it", async () => {
    await using server = await startGuarded({
      ...noList,
      channels: { "/@*/x": { publish: "owner", manage: "owner" } },
    })
    for (const method of ["POST", "DELETE"]) {
      const init = { method, ...(method === "POST" && { body: "x" }) }
      expect(await asking(server, { Origin: evil }, init)).toBe("foreign_origin")
      expect(await asking(server, {}, init)).toBe("foreign_origin")
      expect(await asking(server, { "Sec-Fetch-Site": "cross-site" }, init)).toBe("foreign_origin")
      expect(await asking(server, { Origin: server.base }, init)).toBe("let in")
    }
    expect(server.laba.counters.published).toBe(1)
  })

  test("[A6] counts for a plain read that names no page, and not where the browser says that another site caused it", async () => {
    await using server = await startGuarded(noList)
    const ask = async (...headers: string[]) => {
      const answer = await askRaw(server.base, {
        line: "GET /@1001/x?after=e-0",
        headers: [`Cookie: ${await cookieOf("1001")}`, ...headers],
      })
      return answer?.status
    }
    expect(await ask()).toBe(200)
    expect(await ask("Sec-Fetch-Site: none")).toBe(200)
    expect(await ask("Connection: Upgrade", "Upgrade: h2c")).toBe(200)
    for (const site of ["cross-site", "same-site"])
      expect([site, await ask(`Sec-Fetch-Site: ${site}`)]).toEqual([site, 403])
    expect(await ask(...handshakeHeaders)).toBe(403)
  })

  test("that is stale is an error for channels, and does not hide the pages", async () => {
    await using server = await startGuarded(noList)
    const headers = { Cookie: "session=broken" }
    expect(await codeOf(await from(server.base, headers))).toBe("unauthorized")
    expect((await from(server.base, headers, {}, "/_/live")).status).toBe(200)
  })
})

describe("a server without keys", () => {
  test("cannot be published to by a foreign page, a foreign name or a proxy", async () => {
    await using server = await startServer()
    const channel = freshChannel()
    for (const headers of [
      { Origin: evil },
      { Origin: "null" },
      { Host: "evil.example" },
      ...[
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Forwarded-Prefix",
        "CF-Connecting-IP",
        "True-Client-IP",
        "X-Client-IP",
        "Fly-Client-IP",
        "CDN-Loop",
        "X-Amzn-Trace-Id",
      ].map((name) => ({ [name]: "203.0.113.7" })),
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" },
    ]) {
      const answer = await fetch(server.base + channel, {
        method: "POST",
        body: "x",
        headers: headers as Record<string, string>,
      })
      expect([headers, await codeOf(answer)]).toEqual([headers, "foreign_origin"])
    }
    expect((await fetch(server.base + channel)).status).toBe(204)
  })

  test("is not read or kept waiting by another site's page, and can be visited from one", async () => {
    await using server = await startServer()
    const get = async (headers: Record<string, string>) =>
      codeOf(await fetch(`${server.base}/c?after=e-0`, { headers }))
    const crossSite = { "Sec-Fetch-Site": "cross-site" }
    for (const mode of ["no-cors", "cors", "websocket"])
      expect(await get({ ...crossSite, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": "image" })).toBe(
        "foreign_origin",
      )
    const framed = { "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe" }
    expect(await get({ ...crossSite, ...framed })).toBe("foreign_origin")
    expect(await get({ ...crossSite, ...framed, "Sec-Fetch-Dest": "document" })).toBe("let in")
    // 127.0.0.1 and localhost are two sites to a browser.
    expect(await get({ ...crossSite, Origin: "http://localhost:5173" })).toBe("let in")
    for (const site of ["same-origin", "same-site", "none"])
      expect(await get({ "Sec-Fetch-Site": site })).toBe("let in")
  })

  test("lets pages of this machine read, as whoever develops one needs", async () => {
    await using server = await startServer()
    const answer = await fetch(`${server.base}/c?after=e-0`, { headers: { Origin: "http://localhost:5173" } })
    expect(answer.headers.get("access-control-allow-origin")).toBe("http://localhost:5173")
  })

  test("does not start where others can reach it, unless it is open on purpose", async () => {
    await expect(startServer({ listen: { host: "0.0.0.0" } })).rejects.toThrow("others can reach 0.0.0.0")
    await using open = await startServer({ listen: { host: "0.0.0.0" }, open: true })
    await using guarded = await startGuarded({ listen: { host: "0.0.0.0" } })
    expect([open.base, guarded.base].every((base) => base.startsWith("http"))).toBeTrue()
  })
})

describe("a second Host", () => {
  const twoHosts = (base: string, more: readonly string[] = []) =>
    askRaw(base, {
      line: "GET /c?after=e-0",
      headers: [`Host: ${new URL(base).host}`, `Host: ${evil.slice(8)}`, ...more],
    })

  test("is refused, with keys and without", async () => {
    await using server = await startServer()
    await using guarded = await startGuarded()
    const bearer = [`Authorization: Bearer ${shop.text}`]
    for (const answer of [await twoHosts(server.base), await twoHosts(guarded.base, bearer)]) {
      expect([answer?.status, answer?.body]).toEqual([400, expect.stringContaining('"code":"bad_request"')])
    }
  })

  test("is refused though it is the same, and in one line", async () => {
    await using guarded = await startGuarded()
    const { host } = new URL(guarded.base)
    for (const headers of [[`Host: ${host}`, `Host: ${host}`], [`Host: ${host}, ${host}`]])
      expect((await askRaw(guarded.base, { line: "GET /_/live", headers }))?.status).toBe(400)
  })
})

describe("a token in a subprotocol", () => {
  test("[A3, W5] says who somebody is, and is never given back", async () => {
    await using server = await startGuarded()
    const token = await tokenFor("1001")
    for (const spoken of ["laba.v1", "laba.raw"]) {
      for (const offered of [`${spoken}, laba.token.${token}`, `laba.token.${token}, ${spoken}`]) {
        const { status, headers } = await handshakeAt(server.base, "/@me/x", [
          `Sec-WebSocket-Protocol: ${offered}`,
        ])
        expect([spoken, status, headers.get("sec-websocket-protocol")]).toEqual([spoken, 101, spoken])
      }
    }
    const alone = await handshakeAt(server.base, "/@me/x", [`Sec-WebSocket-Protocol: laba.token.${token}`])
    expect(alone.code).toBe("bad_subprotocol")
    const broken = await handshakeAt(server.base, "/@me/x", [
      "Sec-WebSocket-Protocol: laba.v1, laba.token.broken",
    ])
    expect(broken.code).toBe("unauthorized")
  })

  test("[A4] in the address counts only where the configuration says so, and a key never does", async () => {
    await using server = await startGuarded()
    await using lenient = await startGuarded({ tokens: { secret, inQuery: true } })
    const token = await tokenFor("1001")
    const path = `/@1001/x?after=e-0&token=${token}`
    expect(await codeOf(await fetch(server.base + path))).toBe("unauthorized")
    expect(await codeOf(await fetch(lenient.base + path))).toBe("let in")
    expect(await codeOf(await fetch(`${lenient.base}/c?after=e-0&token=${shop.text}`))).toBe("unauthorized")
  })
})
