// Bodies that come in chunks and end wrongly. The runtime reads them, not we: what it does amiss stands here as it is, so that a version
// that mends it fails these probes, which can then say what is right.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { RawConnection } from "../support/raw-tcp.ts"
import { freshChannel, type OwnServer, startServer } from "../support/server.ts"

setDefaultTimeout(60_000)

let server: OwnServer
beforeAll(async () => {
  server = await startServer({ logTo: () => {} })
})
afterAll(() => server[Symbol.asyncDispose]())

const head = (channel: string): string =>
  `POST ${channel} HTTP/1.1\r\nHost: ${new URL(server.base).host}\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n`

/** How many messages a channel got. */
async function published(channel: string): Promise<number> {
  return server.laba.kept(channel)
}

const cuts = ["5\r\nhe", "5\r\nhello", "5\r\nhello\r\n", "5\r\nhello\r\n0", "5\r\nhello\r\n0\r"]

for (const cut of cuts)
  test(`a body that is cut at ${JSON.stringify(cut)} is not published`, async () => {
    const channel = freshChannel("cut")
    await using connection = await RawConnection.open(server.base)
    connection.send(head(channel) + cut)
    connection.halfClose()
    await connection.closed()
    expect(await published(channel)).toBe(0)
  })

test("probe: a body that is cut behind its last chunk, before the line that ends it, is published", async () => {
  const channel = freshChannel("cut")
  await using connection = await RawConnection.open(server.base)
  connection.send(`${head(channel)}5\r\nhello\r\n0\r\n`)
  // RFC 9112, 7.1: a line is missing yet. Once the runtime waits for it, nothing is answered here and nothing published.
  expect((await connection.answer())?.status).toBe(201)
  expect(await published(channel)).toBe(1)
})

test("probe: trailers behind the last chunk are taken for another request", async () => {
  const channel = freshChannel("trailers")
  await using connection = await RawConnection.open(server.base)
  connection.send(`${head(channel)}5\r\nhello\r\n0\r\nX-Digest: 1\r\n\r\n`)
  expect((await connection.answer())?.status).toBe(201)
  expect(await published(channel)).toBe(1)
  // RFC 9112, 7.1.2: they belong to the body. Once the runtime reads them, nothing more comes.
  expect(await connection.until(() => /HTTP\/1\.1 400/.exec(connection.text))).not.toBeNull()
})
