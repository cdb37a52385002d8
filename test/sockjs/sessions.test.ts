// Sessions of SockJS over HTTP: polls, streams, what is posted, and how they end.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { eventually } from "../support/eventually.ts"
import { publish } from "../support/publish.ts"
import type { OwnServer } from "../support/server.ts"
import { credentials, inSeconds, shop, startGuarded, tokenFor } from "../access/guarded.ts"
import { RawConnection } from "../support/raw-tcp.ts"
import { freshSession, openStream, poll, post, send } from "../support/sockjs-session.ts"
import { services, startSockJs } from "./services.ts"

let server: OwnServer
let echo: string
beforeAll(async () => {
  server = await startSockJs()
  echo = `${server.base}/echo`
})
afterAll(() => server[Symbol.asyncDispose]())

describe("a polled session", () => {
  test("[J4] [J5] opens, takes messages in order and gives what came since the last poll", async () => {
    const session = freshSession(echo)
    expect(await poll(session)).toBe("o\n")
    const sent = await send(session, "one", "two")
    expect([sent.status, sent.body, sent.headers.get("content-type")]).toEqual([
      204,
      "",
      "text/plain; charset=UTF-8",
    ])
    expect(await poll(session)).toBe('a["one","two"]\n')
    const waiting = poll(session)
    await Bun.sleep(20)
    await publish(`${server.base}/echoes`, "three")
    expect(await waiting).toBe('a["three"]\n')
  })

  test("[J5] what is posted is an array of strings, of whatever type, or nothing of it is taken", async () => {
    const session = freshSession(echo)
    await poll(session)
    const before = server.laba.counters.published
    for (const [body, words, code] of [
      ["", "Payload expected.", "bad_body"],
      ['["x', "Broken JSON encoding.", "bad_json"],
      ["{}", "Payload expected.", "bad_body"],
      ['"a"', "Payload expected.", "bad_body"],
      ['["a",1]', "Payload expected.", "bad_body"],
    ] as const) {
      const refused = await post(`${session}/xhr_send`, body)
      expect([refused.status, refused.body, refused.headers.get("laba-code")]).toEqual([500, words, code])
    }
    expect(server.laba.counters.published).toBe(before)
    for (const type of ["text/plain", "application/json", "application/xml", "T", "image/png"])
      expect((await post(`${session}/xhr_send`, '["a"]', { "Content-Type": type })).status).toBe(204)
  })

  test("[J5] 404 is the answer where there is no such session", async () => {
    const refused = await send(freshSession(echo), "a")
    expect([refused.status, JSON.parse(refused.body).code]).toEqual([404, "not_found"])
  })

  test("[J5] too much is refused before it is kept", async () => {
    const session = freshSession(echo)
    await poll(session)
    expect((await send(session, "x".repeat(1024 * 1024))).status).toBe(413)
    await send(session, "x".repeat(100_000))
    expect(await poll(session)).toBe('c[4013,"too_large"]\n')
  })

  test("[J6] a second poll is told that another one is open, and the first goes on", async () => {
    const session = freshSession(echo)
    await poll(session)
    const first = poll(session)
    await Bun.sleep(20)
    expect(await poll(session)).toBe('c[2010,"Another connection still open"]\n')
    await send(session, "for the first")
    expect(await first).toBe('a["for the first"]\n')
  })

  test("[J6] two first polls open one session", async () => {
    const session = freshSession(echo)
    const answers: string[] = []
    const polls = [poll(session), poll(session)].map(async (answer) => answers.push(await answer))
    await Promise.race(polls)
    await send(session, "to whoever waits")
    await Promise.all(polls)
    expect(answers[0] === "o\n" || answers[1] === "o\n").toBe(true)
  })

  test("[J7] a poll that was cut ends the session, and nobody is left in it", async () => {
    const session = freshSession(echo)
    await poll(session)
    const abort = new AbortController()
    const cut = fetch(`${session}/xhr`, { method: "POST", signal: abort.signal })
    await Bun.sleep(50)
    abort.abort()
    await cut.catch(() => undefined)
    await Bun.sleep(50)
    expect(await poll(session)).toBe('c[1002,"Connection interrupted"]\n')
    expect((await send(session, "a")).status).toBe(404)
  })

  test("[J7] a poll that was answered whole ends nothing when its connection closes", async () => {
    const session = freshSession(echo)
    for (let i = 0; i < 3; i++)
      await fetch(`${session}/${i === 0 ? "xhr" : "xhr_send"}`, {
        method: "POST",
        headers: { Connection: "close" },
        ...(i > 0 && { body: '["still here"]' }),
      }).then((response) => response.text())
    await Bun.sleep(50)
    expect(await poll(session)).toBe('a["still here","still here"]\n')
  })

  test("[J9] ends when nobody polls it for five seconds, and the next poll opens another", async () => {
    const session = freshSession(echo)
    await poll(session)
    await eventually(async () => expect((await send(session, "a")).status).toBe(404))
    expect(await poll(session)).toBe("o\n")
  }, 15_000)

  test("[J9] who fetches too little is slow, and told so", async () => {
    await using small = await startSockJs({ limits: { outboxBytesMax: 2000, messageBytesMax: 1000 } })
    const session = freshSession(`${small.base}/echo`)
    await poll(session)
    for (let i = 0; i < 5; i++) await publish(`${small.base}/echoes`, "x".repeat(1000))
    let last = ""
    for (let i = 0; i < 5 && !last.startsWith("c["); i++) last = await poll(session)
    expect(last).toBe('c[4200,"slow"]\n')
    expect(small.laba.counters.slowClosed).toBe(1)
  })

  test("[J10] is answered by a heartbeat", async () => {
    await using quick = await startSockJs({ limits: { heartbeatSeconds: 1 } })
    const session = freshSession(`${quick.base}/echo`)
    await poll(session)
    expect(await poll(session)).toBe("h\n")
  })
})

describe("a streamed session", () => {
  for (const [transport, method, type] of [
    ["xhr_streaming", "POST", "application/javascript; charset=UTF-8"],
    ["eventsource", "GET", "text/event-stream"],
  ] as const) {
    test(`[J4] ${transport} gives frames as they come`, async () => {
      const session = freshSession(echo)
      await using stream = await openStream(`${session}/${transport}`, method)
      expect(stream.response.headers.get("content-type")).toBe(type)
      if (transport === "xhr_streaming") expect(await stream.frames.next()).toBe("h".repeat(2048))
      expect(await stream.frames.next()).toBe("o")
      await send(session, "100%")
      expect(await stream.frames.next()).toBe(`a["100%${transport === "eventsource" ? "25" : ""}"]`)
    })

    test(`[J10] ${transport} ends after 128 KiB, and the session goes on in the next`, async () => {
      const session = freshSession(echo)
      await using stream = await openStream(`${session}/${transport}`, method)
      for (let i = 0; i < 5; i++) await publish(`${server.base}/echoes`, "x".repeat(30_000))
      await stream.ended
      await send(session, "more")
      expect(await poll(session)).toContain("more")
    })

    test(`[J7] ${transport} that was cut ends the session`, async () => {
      const session = freshSession(echo)
      const stream = await openStream(`${session}/${transport}`, method)
      await eventually(() => expect(stream.frames.seen).toContain("o"))
      stream.cut()
      await eventually(async () => expect((await send(session, "a")).status).toBe(404))
      expect(await poll(session)).toBe('c[1002,"Connection interrupted"]\n')
    })

    test(`[J6] ${transport} beside another is told so`, async () => {
      const session = freshSession(echo)
      await using stream = await openStream(`${session}/${transport}`, method)
      await eventually(() => expect(stream.frames.seen).toContain("o"))
      await using second = await openStream(`${session}/${transport}`, method)
      await second.ended
      expect(second.frames.seen.at(-1)).toBe('c[2010,"Another connection still open"]')
    })
  }

  test("[J8] says why it ends, after the last frame of what it carries", async () => {
    const going = await startSockJs()
    const session = freshSession(`${going.base}/live`)
    await using stream = await openStream(`${session}/xhr_streaming`, "POST")
    await eventually(() => expect(stream.frames.seen.join()).toContain("hello"))
    await going[Symbol.asyncDispose]()
    await stream.ended
    const [last, end] = stream.frames.seen.slice(-2)
    expect(last).toContain("shutting_down")
    expect(end).toBe('c[1012,"shutting_down"]')
  })

  test("[J9] whose reader stalls is ended, and what waits for it stays bounded", async () => {
    await using own = await startSockJs()
    const session = freshSession(`${own.base}/echo`)
    await using connection = await RawConnection.open(own.base)
    connection.request(`POST ${new URL(session).pathname}/xhr_streaming`, [
      `Host: ${new URL(own.base).host}`,
      "Content-Length: 0",
    ])
    await connection.until(() => (connection.text.includes("o\n") ? true : null))
    connection.stall()
    for (let i = 0; i < 100; i++) await publish(`${own.base}/echoes`, "x".repeat(60_000))
    await eventually(async () => expect((await send(session, "x")).status).toBe(404))
    expect(own.laba.counters.slowClosed).toBe(1)
  })

  test("[J9] counts as a connection until it has ended", async () => {
    await using bounded = await startSockJs({ limits: { connectionsMax: 1 } })
    const session = freshSession(`${bounded.base}/echo`)
    await using _ = await openStream(`${session}/xhr_streaming`, "POST")
    const refused = await post(`${freshSession(`${bounded.base}/echo`)}/xhr`)
    expect([refused.status, JSON.parse(refused.body).code]).toEqual([503, "too_many_connections"])
  })
})

test("[J4] rights are asked for as for any other connection", async () => {
  await using guarded = await startGuarded({ sockjs: services, channels: { "/echoes": { listen: "token" } } })
  const refused = await post(`${freshSession(`${guarded.base}/echo`)}/xhr`)
  expect([refused.status, JSON.parse(refused.body).code]).toEqual([401, "unauthorized"])
  const letIn = await post(`${freshSession(`${guarded.base}/echo`)}/xhr`, "", {
    Authorization: `Bearer ${await tokenFor("ann")}`,
  })
  expect(letIn.body).toBe("o\n")
})

test("[J11] a session that a user opened is found by that user alone", async () => {
  await using guarded = await startGuarded({
    sockjs: services,
    channels: { "/echoes": { listen: "token", publish: "token" } },
  })
  const session = freshSession(`${guarded.base}/echo`)
  const as = async (user: string) => ({ Authorization: `Bearer ${await tokenFor(user)}` })
  expect((await post(`${session}/xhr`, "", await as("ann"))).body).toBe("o\n")
  expect((await post(`${session}/xhr_send`, '["mine"]', await as("bob"))).status).toBe(404)
  expect((await post(`${session}/xhr`, "")).status).toBe(404)
  expect((await post(`${session}/xhr_send`, '["mine"]', await as("ann"))).status).toBe(204)
  expect((await post(`${session}/xhr`, "", await as("ann"))).body).toBe('a["mine"]\n')
})

test("[J11] a session that was opened with a key, or a token that names nobody, is not found without one", async () => {
  await using guarded = await startGuarded({
    sockjs: services,
    channels: { "/echoes": { listen: "token", publish: "token" } },
  })
  const nobody = { Authorization: `Bearer ${await tokenFor(undefined)}` }
  const ann = { Authorization: `Bearer ${await tokenFor("ann")}` }
  const backend = { Authorization: `Bearer ${shop.text}` }
  for (const [owner, others] of [
    [backend, [{}, nobody, ann]],
    [nobody, [{}, backend, ann]],
  ] as const) {
    const session = freshSession(`${guarded.base}/echo`)
    expect((await post(`${session}/xhr`, "", owner)).body).toBe("o\n")
    for (const other of others)
      for (const transport of ["xhr", "xhr_send", "xhr_streaming"])
        expect((await post(`${session}/${transport}`, '["stolen"]', other)).status).toBe(404)
    expect((await post(`${session}/xhr_send`, '["mine"]', owner)).status).toBe(204)
    expect((await post(`${session}/xhr`, "", owner)).body).toBe('a["mine"]\n')
  }
})

test("[J12] another site's page opens no session by an image, a frame or a link, and reads none as a script", async () => {
  // The application knows by a cookie who comes; the page has chosen the session's name.
  await using guarded = await startSockJs({
    origins: ["https://shop.example"],
    open: true,
    onConnect: ({ headers }) => ({ user: headers.get("cookie") ?? "nobody" }),
  })
  const embedded = (session: string, headers: Record<string, string>) =>
    fetch(`${session}/eventsource`, { headers: { Cookie: "ann", ...headers } })
  for (const site of ["cross-site", "same-site"])
    for (const [mode, dest] of [
      ["no-cors", "image"],
      ["no-cors", "script"],
      ["navigate", "iframe"],
      ["navigate", "document"],
    ] as const) {
      const session = freshSession(`${guarded.base}/echo`)
      const refused = await embedded(session, {
        "Sec-Fetch-Site": site,
        "Sec-Fetch-Mode": mode,
        "Sec-Fetch-Dest": dest,
      })
      expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
        403,
        "foreign_origin",
      ])
      expect((await send(session, "as ann")).status).toBe(404)
    }
  for (const headers of [
    { "Sec-Fetch-Site": "same-origin" },
    { "Sec-Fetch-Site": "cross-site", Origin: "https://shop.example" },
    {},
  ] as Record<string, string>[]) {
    const opened = await embedded(freshSession(`${guarded.base}/echo`), headers)
    expect([opened.status, opened.headers.get("x-content-type-options")]).toEqual([200, "nosniff"])
    await opened.body?.cancel()
  }
})

test("[J12] a page that may not read opens no session and sends nothing, also where no origins are listed", async () => {
  await using unlisted = await startSockJs({
    open: true,
    onConnect: ({ headers }) => ({ user: headers.get("cookie") ?? "nobody" }),
  })
  const session = freshSession(`${unlisted.base}/echo`)
  const evil = { Cookie: "ann", Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" }
  for (const path of ["xhr", "xhr_streaming", "xhr_send"])
    for (const headers of [evil, { ...evil, Origin: "null" }, { ...evil, "Sec-Fetch-Site": "same-site" }])
      expect([path, (await post(`${session}/${path}`, '["x"]', headers)).status]).toEqual([path, 403])
  // Whoever has made the name up finds nothing of hers.
  expect((await send(session, "x")).status).toBe(404)
  const own = { Cookie: "ann", Origin: unlisted.base, "Sec-Fetch-Site": "same-origin" }
  expect((await post(`${session}/xhr`, "", own)).body).toBe("o\n")
  expect((await post(`${session}/xhr_send`, '["x"]', own)).status).toBe(204)
})

test("[J12] pages of allowed origins read answers with credentials, others are refused", async () => {
  await using guarded = await startSockJs({ origins: ["https://shop.example"], open: true })
  const asked = (origin: string) =>
    fetch(`${guarded.base}/echo/000/abc/xhr`, {
      method: "OPTIONS",
      headers: {
        Origin: origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
      },
    })
  const allowed = await asked("https://shop.example")
  expect(allowed.status).toBe(204)
  const named = ["allow-origin", "allow-credentials", "allow-methods", "allow-headers", "max-age"]
  expect(named.map((name) => allowed.headers.get(`access-control-${name}`))).toEqual([
    "https://shop.example",
    "true",
    "OPTIONS, POST",
    "content-type",
    "31536000",
  ])
  expect((await asked("https://other.example")).status).toBe(403)
})

test("[J8] [J11] ends when the token runs out that opened it, and says so", async () => {
  await using guarded = await startGuarded({
    sockjs: services,
    channels: { "/echoes": { listen: "token" } },
    tokens: { ...credentials.tokens, leeway: "0s" },
  })
  const session = freshSession(`${guarded.base}/echo`)
  const headers = { Authorization: `Bearer ${await tokenFor("ann", { exp: inSeconds(2) })}` }
  expect((await post(`${session}/xhr`, "", headers)).body).toBe("o\n")
  expect((await post(`${session}/xhr`, "", headers)).body).toBe('c[4011,"token_expired"]\n')
})
