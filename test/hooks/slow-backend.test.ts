// A backend that takes its time: whoever is asked about waits, and nobody else notices.
import { expect, test } from "bun:test"
import { bearing, shop, startGuarded } from "../access/guarded.ts"
import { eventually } from "../support/eventually.ts"
import { listenByRawSocket } from "../support/raw-socket.ts"
import { startServer } from "../support/server.ts"
import { local, secret, startBackend } from "./backend-process.ts"

const asking = 40
const messages = 200

test("[H16] a slow backend does not slow fan-out, and has no more requests at once than its bound", async () => {
  await using backend = await startBackend("laba-backend.ts", { secret })
  const url = backend.url()
  await using server = await startServer({
    logTo: () => {},
    hooks: [
      {
        pattern: "/desk/*",
        register: url,
        transport: url,
        unregister: url,
        concurrency: 4,
        timeout: "60s",
        ...local,
      },
    ],
  })
  const clients = await Promise.all(
    Array.from({ length: asking }, () => listenByRawSocket(`${server.base}/desk/quiet`)),
  )
  const elsewhere = await listenByRawSocket(`${server.base}/board`)
  await backend.control({ hold: true })
  for (const client of clients) client.socket.send("nothing")
  // Nobody is answered now; the same sockets and others hear every message all the same.
  while ((await backend.control({ hold: true })).held < 4) continue
  for (let i = 0; i < messages; i++) {
    await server.laba.publish("/desk/quiet", `here ${i}`)
    await server.laba.publish("/board", `there ${i}`)
  }
  for (let i = 0; i < messages; i++) expect(await elsewhere.next()).toMatchObject({ data: `there ${i}` })
  for (const client of clients)
    for (let i = 0; i < messages; i++) expect(await client.next()).toMatchObject({ data: `here ${i}` })
  expect(backend.all("transport").length).toBeLessThanOrEqual(4)
  const { peak } = await backend.control({ hold: false })
  expect(peak).toBeLessThanOrEqual(4)
  for (let i = 0; i < asking; i++) await backend.next("transport")
  expect((await backend.control({ hold: false })).peak).toBeLessThanOrEqual(4)
  expect(backend.problems).toEqual([])
}, 60_000)

test("[H16] a crowd of one address that waits for the backend holds up nobody else", async () => {
  await using backend = await startBackend("laba-backend.ts", { secret })
  await using server = await startGuarded({
    channels: { "/desk/*": { listen: "anyone" } },
    proxies: ["127.0.0.1", "::1"],
    hooks: [{ pattern: "/desk/*", register: backend.url(), concurrency: 1, timeout: "60s", ...local }],
  })
  const poll = (address: string) =>
    fetch(`${server.base}/desk/quiet?after=e-0`, { headers: { "X-Forwarded-For": address } })
  const wait = (count: number) =>
    eventually(async () => {
      const response = await fetch(`${server.base}/_/api/hooks`, { headers: bearing(shop.text) })
      expect(await response.json()).toMatchObject({ hooks: [{ asksWaiting: count }] })
    })
  await backend.control({ hold: true })
  const crowd = Array.from({ length: 20 }, () => poll("203.0.113.7"))
  await wait(19)
  const one = poll("198.51.100.2")
  await wait(20)
  await backend.control({ hold: false })
  const answers = await Promise.all([one, ...crowd])
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  const addresses: string[] = []
  while (addresses.length < 21)
    addresses.push((JSON.parse((await backend.next("register")).body) as { address: string }).address)
  expect(addresses.indexOf("198.51.100.2")).toBeLessThan(3)
}, 60_000)
