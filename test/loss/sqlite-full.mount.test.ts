// A full disk, as clients of the server meet it.
import { expect, test } from "bun:test"
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { smallDisk } from "../support/small-disk.ts"
import { headOf, post, problemIn, publish } from "../support/publish.ts"
import { startServer } from "../support/server.ts"
import { listenBySse } from "../support/sse-stream.ts"
import { textOf } from "../support/heard.ts"

const channels = { "/**": { history: { count: 100_000, bytes: "100MB", time: "1h" } } }

test("publishes get 503 with a time to come back while reading and listening go on; with room they are accepted again", async () => {
  using disk = smallDisk(16)
  const ballast = join(disk.path, "ballast")
  const lines: string[] = []
  await using server = await startServer({
    engine: `sqlite:${join(disk.path, "data")}`,
    channels,
    logTo: (line) => void lines.push(line),
  })
  const url = `${server.base}/full`
  writeFileSync(ballast, Buffer.alloc(12 * 1024 * 1024))
  await using listener = await listenBySse(url)
  await listener.position()
  let accepted = 0
  let refused: Response | null = null
  for (; !refused && accepted < 5000; accepted++) {
    const answer = await post(url, `${accepted}:${"x".repeat(4000)}`)
    if (answer.status === 201) await answer.arrayBuffer()
    else {
      refused = answer
      break
    }
  }
  expect(refused?.status).toBe(503)
  expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0)
  expect((await problemIn(refused as Response)).code).toBe("engine_unavailable")
  expect(lines.join()).toContain("engine_trouble")
  expect(await headOf(url)).toMatchObject({ length: accepted, listeners: 1 })
  for (let i = 0; i < accepted; i++) expect(textOf(await listener.message())).toStartWith(`${i}:`)

  rmSync(ballast)
  const after = await accepts(() => publish(url, "after"))
  expect(textOf(await listener.message())).toBe("after")
  expect(after.cursor).toBe((await headOf(url)).cursor)
}, 60_000)

test("a start on a full disk ends with what to do, and promises no waiting", async () => {
  using disk = smallDisk(1)
  expect(() => writeFileSync(join(disk.path, "ballast"), Buffer.alloc(2 * 1024 * 1024))).toThrow("ENOSPC")
  const engine = `sqlite:${join(disk.path, "data")}`
  const refused = await startServer({ engine }).catch((error: unknown) => error)
  expect(refused).toMatchObject({
    code: "engine_unavailable",
    detail: `The disk of ${join(disk.path, "data")} is full, and a start needs some of it. Make room first.`,
  })
})

/** Until it is accepted; a test that hangs fails at its deadline. */
async function accepts<T>(act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act()
    } catch (error) {
      if (!String(error).includes("engine_unavailable")) throw error
      await Bun.sleep(50)
    }
  }
}
