// What a server still keeps, read from one that breaks off.
import { expect, test } from "bun:test"
import { printCursor } from "../../wire/cursor.ts"
import { keptMessages } from "./kept-messages.ts"

test("an answer that breaks off is asked for again", async () => {
  const cursor = printCursor("/a", { epoch: "k3", offset: 1 })
  const page = {
    cursor,
    more: false,
    reset: null,
    messages: [{ id: "m", type: "application/json", data: 1 }],
  }
  let reads = 0
  await using server = Bun.serve({
    port: 0,
    error: () => undefined,
    fetch({ method }) {
      if (method === "HEAD")
        return new Response(null, { headers: { "laba-cursor": cursor, "laba-history-length": "1" } })
      if (reads++ > 0) return Response.json(page)
      return new Response(
        new ReadableStream({
          async pull(controller) {
            controller.enqueue(new TextEncoder().encode('{"cursor":'))
            await Bun.sleep(20)
            controller.error(new Error("away"))
          },
        }),
      )
    },
  })
  const kept: string[] = []
  for await (const { id } of keptMessages({ url: server.url.href, channel: "/a" })) kept.push(id)
  expect(kept).toEqual(["m"])
  expect(reads).toBe(2)
})
