// Whoever is let in when everybody was sent away already would be cut without a word: they are told to come back instead.
import { expect, test } from "bun:test"
import { handshakeAt } from "../access/guarded.ts"
import { startServer } from "../support/server.ts"

test("[K7] who is asked about until the node goes away is told to come back, over every transport", async () => {
  let answer = (): void => {}
  const asked = new Promise<void>((resolve) => (answer = resolve))
  let count = 0
  await using server = await startServer({
    onConnect: async () => {
      count++
      await asked
    },
  })
  const events = { headers: { accept: "text/event-stream" } }
  const arrivals = Promise.all([
    fetch(`${server.base}/c`, events).then((stream) => stream.text()),
    fetch(`${server.base}/_/events?channel=/c`, events).then((stream) => stream.text()),
    fetch(`${server.base}/_/session`, events).then((stream) => stream.text()),
    fetch(`${server.base}/_/session`, { method: "POST" }).then(async (refusal) => [
      refusal.status,
      ((await refusal.json()) as { code: string }).code,
    ]),
  ])
  const socket = handshakeAt(server.base, "/c")
  while (count < 5) await Bun.sleep(1)
  const closed = server.laba.close()
  await new Promise((resolve) => setImmediate(resolve))
  answer()
  const retry = expect.stringMatching(/^retry: ?1000\n/)
  expect(await arrivals).toEqual([retry, retry, retry, [503, "shutting_down"]])
  expect(await socket).toMatchObject({ status: 503, code: "shutting_down" })
  await closed
})
