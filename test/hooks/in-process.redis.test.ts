// What a program in the node's own process is told in a cluster: of listeners, not of the node's own ear.
import { expect, setDefaultTimeout, test } from "bun:test"
import { Inbox } from "../support/inbox.ts"
import { listenBySse } from "../support/sse-stream.ts"
import { RedisProcess } from "../support/redis-servers.ts"
import { freshChannel, startServer } from "../support/server.ts"

setDefaultTimeout(120_000)

test("each node is told of its own listeners, and of nothing that the node listens to for itself", async () => {
  await using redis = await RedisProcess.start()
  const told = [new Inbox<string>("the first node"), new Inbox<string>("the second node")]
  const start = (inbox: Inbox<string> | undefined) =>
    startServer({
      logTo: () => {},
      engine: redis.url,
      onOccupied: (channel) => inbox?.push(`+${channel}`),
      onVacated: (channel) => inbox?.push(`-${channel}`),
    })
  await using first = await start(told[0])
  await using second = await start(told[1])
  const channel = freshChannel("watched")
  for (const [index, { base }] of [first, second].entries()) {
    const client = await listenBySse(`${base}${channel}`)
    await client.position()
    expect(await told[index]?.next(30_000)).toBe(`+${channel}`)
    await client[Symbol.asyncDispose]()
    expect(await told[index]?.next(30_000)).toBe(`-${channel}`)
  }
  expect(told.map(({ seen }) => seen)).toEqual([
    [`+${channel}`, `-${channel}`],
    [`+${channel}`, `-${channel}`],
  ])
})
