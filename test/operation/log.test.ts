// What a running server writes down, with everything on: never a token, a key or a payload, and no line that a client forged.
import { expect, test } from "bun:test"
import { makeKey } from "../../src/access/keys.ts"
import { serve } from "../../src/server/index.ts"
import { RawConnection } from "../support/raw-tcp.ts"

const secret = "a-secret-of-more-than-thirty-two-characters"

test("holds no credential and no payload, however they travel", async () => {
  const lines: string[] = []
  const key = makeKey("shop")
  const laba = await serve({
    listen: { port: 0 },
    limits: { drainSeconds: 0 },
    keys: [{ name: "shop", sha256: key.sha256, publish: ["/open/**"] }],
    tokens: { secret, inQuery: true },
    log: { level: "debug", format: "json" },
    logTo: (line) => void lines.push(line),
    onConnect: () => {
      throw new Error("the application is broken")
    },
  })
  const token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0b2tlbi1tYXJrIn0.forged-signature-mark"
  const payload = "payload-mark"
  const bearer = (text: string) => ({ authorization: `Bearer ${text}` })
  await fetch(`${laba.url}/c?token=${token}`)
  await fetch(`${laba.url}/c`, { headers: bearer(token) })
  await fetch(`${laba.url}/c`, { headers: { cookie: `laba=${token}` } })
  await fetch(`${laba.url}/closed`, { method: "POST", headers: bearer(key.text), body: payload })
  await fetch(`${laba.url}/open/c`, {
    method: "POST",
    headers: { ...bearer(key.text), "content-type": "application/json" },
    body: payload,
  })
  await fetch(`${laba.url}/open/c`, { headers: bearer(key.text) })
  await fetch(`${laba.url}/_/api/publish`, {
    method: "POST",
    headers: { ...bearer(key.text), "content-type": "application/json" },
    body: payload,
  })
  await laba.close()
  const written = lines.join("")
  expect(written).toContain("connection_refused")
  expect(written).toContain("request_refused")
  for (const mark of [
    token,
    "forged-signature-mark",
    key.text,
    key.text.slice(10),
    payload,
    secret,
    "laba=",
  ]) {
    expect([mark, written.includes(mark)]).toEqual([mark, false])
  }
})

test("has one line for one event, whatever stands in the path and the headers", async () => {
  const lines: string[] = []
  const laba = await serve({
    listen: { port: 0 },
    limits: { drainSeconds: 0 },
    log: { level: "debug", format: "json" },
    logTo: (line) => void lines.push(line),
  })
  const ask = async (path: string, host: string): Promise<void> => {
    await using connection = await RawConnection.open(laba.url)
    connection.request(`GET ${path}`, [`Host: ${host}`, "Connection: close"])
    await connection.answer()
  }
  const before = lines.length
  for (const path of [
    '/c%0a{"level":"error","event":"forged"}',
    "/c\u009b31m",
    "/c%1b[2J",
    "/a//b\u2028",
    "/_/%0d%0aforged",
  ]) {
    await ask(path, "127.0.0.1")
  }
  await ask("/c", "evil.example\u009b")
  await laba.close()
  const written = lines.slice(before).map((line) => {
    expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
    return (JSON.parse(line) as { event: string }).event
  })
  expect(written).not.toContain("forged")
  expect(written.length).toBeGreaterThanOrEqual(5)
})
