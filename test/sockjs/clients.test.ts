// sockjs-client, the one that browsers and Node programs use, by each of its transports, with STOMP over it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { join } from "node:path"
import { freshChannel, type OwnServer } from "../support/server.ts"
import { startSockJs } from "./services.ts"

let server: OwnServer
beforeAll(async () => {
  server = await startSockJs({
    onMessage: ({ channel, data }) =>
      channel === "/app/seckill" ? { publish: false, reply: `queued ${String(data)}` } : undefined,
  })
})
afterAll(() => server[Symbol.asyncDispose]())

describe("stompjs over sockjs-client on Node", () => {
  for (const transport of ["websocket", "xhr-streaming", "eventsource", "xhr-polling"])
    test(`[J1] [J3] [J4] [J5] listens, sends and is answered by ${transport}`, async () => {
      const program = join(import.meta.dir, "stomp-on-node.mjs")
      const url = `${server.base}/websocket`
      const child = Bun.spawn(["node", program, url, transport, freshChannel("topic")], { stderr: "inherit" })
      const noted = JSON.parse(await new Response(child.stdout).text()) as Record<string, unknown>
      expect(noted).toEqual({
        transport,
        heard: ["one", "zwei ü", "三 100% \u2028"],
        answers: ["queued a phone"],
        beats: "10000,10000",
        errors: [],
        end: [1000, "Normal closure"],
      })
    }, 30_000)
})
