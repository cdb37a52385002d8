// One cursor, every transport: a client that changes at every message.
import { expect } from "bun:test"
import { textOf } from "../../support/heard.ts"
import { pollOnce } from "../../support/poller.ts"
import { headOf, publish } from "../../support/publish.ts"
import { oneCursorTransports, sockJsServices, type Transport } from "../../support/transports.ts"
import { type ConformanceCase, keeping } from "../case.ts"

const messages = 10_000

/** How far publishing runs ahead of reading: sometimes the next message is history, sometimes it is still to come. */
const aheadMax = 4

export const changeTransport: readonly ConformanceCase[] = [
  {
    name: `[C8] sees each of ${messages} messages once and in order while changing transport at every message`,
    options: { ...keeping(1000), ...sockJsServices("/raw") },
    timeoutMs: 90_000,
    async run({ base, channel, url }) {
      let cursor = (await headOf(url)).cursor
      let seen = 0
      let wake = () => {}
      const publishing = (async () => {
        for (let number = 0; number < messages; number++) {
          while (number - seen >= aheadMax) await new Promise<void>((resolve) => (wake = resolve))
          await publish(url, String(number))
        }
      })()
      for (; seen < messages; seen++, wake()) {
        const transport = oneCursorTransports[seen % oneCursorTransports.length] as Transport
        const message = await nextAfter(transport, base, channel, cursor)
        if (textOf(message) !== String(seen))
          throw new Error(`expected ${seen} by ${transport.name}, heard ${textOf(message)}`)
        cursor = message.cursor as string
      }
      await publishing
      expect(await pollOnce(`${url}?after=${cursor}`)).toMatchObject({ messages: [], reset: null })
    },
  },
]

async function nextAfter(transport: Transport, base: string, channel: string, cursor: string) {
  await using listener = await transport.open(base, channel, cursor)
  return await listener.message()
}
