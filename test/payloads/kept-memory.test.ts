// What is kept of a message is the message, and not the frame or body that it came in: a history is bounded by what it counts.
import { expect, setDefaultTimeout, test } from "bun:test"
import { connectByLaba } from "../support/laba-socket.ts"
import { type OwnServer, startServer } from "../support/server.ts"

setDefaultTimeout(120_000)

/** Around a payload of some bytes. All of it kept would be 90 MB and more. */
const padding = "x".repeat(60_000)
const messages = 1500

const post = async (server: OwnServer, path: string, body: BodyInit, type: string): Promise<void> => {
  const response = await fetch(server.base + path, {
    method: "POST",
    headers: { "Content-Type": type },
    body,
  })
  if (!response.ok) throw new Error(await response.text())
}

const part = (headers: string, data: string): string =>
  `--X\r\nContent-Disposition: form-data; name="pad"\r\n\r\n${padding}\r\n--X\r\nContent-Disposition: form-data; name="data"${headers}\r\n\r\n${data}\r\n--X--\r\n`

const ways: Readonly<Record<string, (server: OwnServer) => Promise<() => Promise<void>>>> = {
  async "a frame of laba.v1"(server) {
    const client = await connectByLaba(`${server.base}/_/ws`)
    const frame = `{"op":"publish","ref":1,"channel":"/kept","pad":"${padding}","data":[1.0]}`
    return async () => {
      client.socket.send(frame)
      await client.frame("published")
    }
  },
  "a body of the backend API": async (server) => () =>
    post(
      server,
      "/_/api/publish",
      `{"messages":[{"channel":"/kept","data":[1.0]}]${" ".repeat(60_000)}}`,
      "application/json",
    ),
  "a form, as JSON": async (server) => () =>
    post(
      server,
      "/kept",
      part("\r\nContent-Type: application/json", "[1.0]"),
      "multipart/form-data; boundary=X",
    ),
  "a form, as bytes": async (server) => () =>
    post(server, "/kept", part("\r\nContent-Type: image/png", "png"), "multipart/form-data; boundary=X"),
}

const megabytes = (): number => {
  Bun.gc(true)
  return process.memoryUsage().rss / 1_000_000
}

for (const [name, open] of Object.entries(ways))
  test(`what surrounds a payload in ${name} is not kept with it`, async () => {
    const history = { count: 10_000, bytes: "64MB", time: "10m" }
    await using server = await startServer({ logTo: () => {}, channels: { "/**": { history } } })
    const publish = await open(server)
    for (let i = 0; i < 300; i++) await publish()
    const before = megabytes()
    for (let i = 0; i < messages; i++) await publish()
    expect(await server.laba.kept("/kept")).toBe(messages + 300)
    await Bun.sleep(50)
    expect(megabytes() - before).toBeLessThan(45)
  })
