// The position comes first, and everybody hears one order.
import { expect } from "bun:test"
import { textOf } from "../../support/heard.ts"
import { pollOnce } from "../../support/poller.ts"
import { headOf, numbers, publish, publishAll } from "../../support/publish.ts"
import { RawConnection } from "../../support/raw-tcp.ts"
import { everyTransport, type Transport } from "../../support/transports.ts"
import type { ConformanceCase } from "../case.ts"

const tellingCursor = everyTransport.filter((one) => one.tellsCursor)

export const order: readonly ConformanceCase[] = [
  {
    name: "[C8] [L3] [S2] tells the position before any message, and that position resumes what comes later",
    over: tellingCursor,
    async run({ base, channel, url, transport }) {
      let cursor: string
      {
        await using first = await transport.open(base, channel)
        cursor = await first.position()
      }
      await publishAll(url, ["a", "b"])
      await using second = await transport.open(base, channel, cursor)
      expect((await second.messages(2)).map(textOf)).toEqual(["a", "b"])
    },
  },
  {
    name: "[S2] [L3] tells the same position to a listener on a channel that has messages: its tail",
    over: everyTransport.filter((one) => one.tellsOwnCursor),
    async run({ base, channel, url, transport }) {
      const [, last] = await publishAll(url, ["a", "b"])
      await using listener = await transport.open(base, channel)
      expect(await listener.position()).toBe(last?.cursor as string)
      expect((await headOf(url)).cursor).toBe(last?.cursor as string)
    },
  },
  {
    name: "[C7] delivers in the order of publishing",
    over: everyTransport,
    async run({ base, channel, url, transport }) {
      await using listener = await openReady(transport, base, channel)
      // Fewer than the default rule keeps, or a plain poll could be overtaken.
      const texts = numbers(90)
      const heard = listener.messages(texts.length)
      await publishAll(url, texts)
      expect((await heard).map(textOf)).toEqual(texts)
    },
  },
  {
    name: "[C7] delivers what eight publishers send at once to every listener in one order, the order of the cursors",
    over: everyTransport,
    async run({ base, channel, url, transport }) {
      await using one = await openReady(transport, base, channel)
      await using other = await openReady(transport, base, channel)
      const publishers = numbers(8).map((publisher) =>
        publishAll(
          url,
          numbers(10).map((n) => `${publisher}.${n}`),
        ),
      )
      const heard = await Promise.all([one.messages(80), other.messages(80)])
      const answers = (await Promise.all(publishers)).flat()
      expect(heard[1].map(textOf)).toEqual(heard[0].map(textOf))
      const page = await pollOnce(`${url}?after=${before(answers[0]?.cursor as string)}`)
      expect(heard[0].map(textOf)).toEqual(page.messages.map((message) => message.data as string))
      const cursorsAnswered = new Set(answers.map((answer) => answer.cursor))
      expect(page.messages.every((message) => cursorsAnswered.has(message.cursor))).toBeTrue()
    },
  },
  {
    name: "[C7] keeps the order of requests that one connection sends without waiting for answers",
    async run({ base, channel, url }) {
      const { cursor } = await headOf(url)
      const texts = numbers(60).map((n) => (Number(n) % 3 === 0 ? `${n} ${"x".repeat(3000)}` : n))
      const head = [
        `POST ${channel} HTTP/1.1`,
        `Host: ${new URL(base).host}`,
        "Content-Type: text/plain",
      ].join("\r\n")
      await using connection = await RawConnection.open(base)
      for (const text of texts) connection.send(`${head}\r\nContent-Length: ${text.length}\r\n\r\n${text}`)
      await connection.until(() =>
        connection.text.split("HTTP/1.1 201 ").length > texts.length ? true : null,
      )
      expect((await pollOnce(`${url}?after=${cursor}`)).messages.map((message) => message.data)).toEqual(
        texts,
      )
    },
  },
  {
    name: "[P1] gives each message the id and the cursor that its publisher was answered",
    over: everyTransport.filter((one) => !one.isBare),
    async run({ base, channel, url, transport }) {
      await using listener = await openReady(transport, base, channel)
      const answer = await publish(url, "x")
      const message = await listener.message()
      expect([message.id, message.ownCursor, message.channel]).toEqual([answer.id, answer.cursor, channel])
    },
  },
]

/** Opens a listener and takes its position where it tells one: from then on nothing may be missed. */
export async function openReady(transport: Transport, base: string, channel: string) {
  const listener = await transport.open(base, channel)
  if (transport.tellsCursor) await listener.position()
  return listener
}

/** The position before the first message of the epoch that `cursor` belongs to. */
const before = (cursor: string): string => cursor.replace(/-[^.]*/, "-0")
