// The Caddyfile as it is in deploy/, between real clients and a real server: what it says it closes is closed.
import { expect, test } from "bun:test"
import { askTarget } from "../access/raw-targets.ts"
import { caddyProblems, ourCaddyfile, startCaddy } from "../support/caddy.ts"
import { textOf } from "../support/heard.ts"
import { connectByLaba } from "../support/laba-socket.ts"
import { listenBySse } from "../support/sse-stream.ts"
import { closedTargets, key, reached, serveBehindProxy } from "./behind-proxy.ts"

test("the Caddyfile is understood by Caddy", async () => {
  expect(await caddyProblems(ourCaddyfile())).toBe("")
})

test("through Caddy, what is for backends and monitoring is not there, however it is spelled", async () => {
  const laba = await serveBehindProxy()
  await using caddy = await startCaddy(laba.port)
  expect(await reached(caddy.base, closedTargets)).toEqual([])
  expect((await askTarget(caddy.base, "/...a/..b?x=/../\\")).status).toBe(204)
  await laba.close()
})

test("through Caddy, a message reaches sockets and streams at once", async () => {
  const laba = await serveBehindProxy()
  await using caddy = await startCaddy(laba.port)
  await using socket = await connectByLaba(`${caddy.base}/caf%C3%A9`)
  await using stream = await listenBySse(`${caddy.base}/caf%C3%A9`)
  await socket.frame("subscribed")
  await stream.position()
  const headers = { authorization: `Bearer ${key.text}` }
  const published = await fetch(`${caddy.base}/caf%C3%A9`, { method: "POST", headers, body: "hello" })
  expect(published.status).toBe(201)
  for (const listener of [socket, stream]) expect(textOf(await listener.message())).toBe("hello")
  await laba.close()
})
