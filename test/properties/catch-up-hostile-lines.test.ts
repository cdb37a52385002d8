// Whatever a publisher writes, a stream of events says that and nothing else: no text can end an event, begin a field or
// forge an id. Line ends of every kind arrive as line feeds.
import { expect, test } from "bun:test"
import fc from "fast-check"
import { textOf } from "../support/heard.ts"
import { publish } from "../support/publish.ts"
import { freshChannel, startServer } from "../support/server.ts"
import { listenBySse } from "../support/sse-stream.ts"

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom("\r", "\n", "\r\n", "\n\n", "\r\r", ":", " ", "\0", "\ufeff", "\u2028", "\u0085", "\t"),
      fc.constantFrom(
        "data",
        "data: ",
        "id: 0",
        "id:\n",
        "event: reset",
        "retry: 1",
        "喇叭",
        "📢",
        "{}",
        "~",
        "-",
      ),
      fc.string({ unit: "binary", maxLength: 5 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""))
  // A lone surrogate is no text: it cannot be sent as UTF-8 at all.
  .filter((text) => text.isWellFormed())

test("[S3] carries any text as one event with its own cursor, line ends as line feeds", async () => {
  await using server = await startServer()
  const url = server.base + freshChannel()
  await using listener = await listenBySse(url)
  await listener.position()
  await fc.assert(
    fc.asyncProperty(fc.array(hostile, { minLength: 1, maxLength: 5 }), async (texts) => {
      const answers = await Promise.all(texts.map((text) => publish(url, text)))
      const heard = await listener.messages(texts.length)
      const byCursor = new Map(answers.map((answer, index) => [answer.cursor, texts[index] as string]))
      for (const message of heard) {
        expect(textOf(message)).toBe(
          (byCursor.get(message.cursor as string) as string).replace(/\r\n?/g, "\n"),
        )
      }
      expect(listener.retries).toEqual([2000])
    }),
    { numRuns: 150 },
  )
})
