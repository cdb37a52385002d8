// A proxy that says nothing of itself: `proxy_pass` and no other line, so the Host is rewritten and nobody is named. What
// it opens, and what it does not, is what SECURITY.md says.
import { expect, test } from "bun:test"
import { connectByLaba } from "../support/laba-socket.ts"
import { type Nginx, startNginx } from "../support/nginx.ts"
import { type OwnServer, startServer } from "../support/server.ts"
import { codeOf } from "../access/guarded.ts"

const operator = ["/_/api/connections", "/_/api/channels", "/_/api/openapi.json", "/_/metrics"]

const plainProxyTo = ({ laba }: OwnServer, more = ""): Promise<Nginx> =>
  startNginx(
    (port) =>
      `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${laba.port}; ${more} } }`,
  )

test("the backend API of an open server is not opened by a proxy that says nothing of itself", async () => {
  await using server = await startServer({ open: true })
  await using proxy = await plainProxyTo(server)
  await using listener = await connectByLaba(`${server.base}/c`)
  await listener.frame("subscribed")
  const asked = [
    ...operator.map((path) => fetch(proxy.base + path)),
    fetch(`${proxy.base}/_/api/users/x/disconnect`, { method: "POST" }),
    fetch(`${proxy.base}/_/api/config/reload?dry=true`, { method: "POST" }),
  ]
  for (const answer of asked) expect(await codeOf(await answer)).toBe("unauthorized")
  // Everybody may still do what the server is open for.
  expect((await fetch(`${proxy.base}/c`, { method: "POST", body: "x" })).status).toBe(201)
  expect(await listener.frame("message")).toMatchObject({ data: "x" })
})

test("a server of this machine alone takes such a proxy for a program here, and refuses it once it names whom it speaks for", async () => {
  await using server = await startServer()
  await using silent = await plainProxyTo(server)
  // The limit that SECURITY.md tells of: no byte of these requests says that they came from elsewhere.
  for (const path of [...operator, "/c"])
    expect([path, (await fetch(silent.base + path)).ok]).toEqual([path, true])
  for (const header of [
    "Host $host:80",
    "X-Forwarded-For $remote_addr",
    "X-Real-IP $remote_addr",
    "Via nginx",
  ]) {
    await using naming = await plainProxyTo(server, `proxy_set_header ${header};`)
    const host = header.startsWith("Host") ? { host: "push.example" } : {}
    for (const path of [...operator, "/c"])
      expect([header, path, await codeOf(await fetch(naming.base + path, { headers: host }))]).toEqual([
        header,
        path,
        "foreign_origin",
      ])
  }
})
