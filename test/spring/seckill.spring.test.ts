// The Spring half of the example, as it stands in the tree, with Laba as its broker.
import { expect, test } from "bun:test"
import { join } from "node:path"
import { startServer } from "../support/server.ts"
import { textOf } from "../support/heard.ts"
import { listenBySse } from "../support/sse-stream.ts"
import { bodyText, openStompSocket } from "../support/stomp.ts"
import { startJava } from "./java-program.ts"
import { portOfTomcat } from "./tomcat.ts"

const sources = join(import.meta.dir, "../../examples/seckill/spring/src/main/java")

test("the sale decides in order, and everybody hears: its own clients, and who listens at Laba", async () => {
  await using server = await startServer({ stomp: { tcp: 0 } })
  const args = ["--server.port=0", "--laba.host=127.0.0.1", `--laba.port=${server.laba.stompPort}`]
  await using program = await startJava({ sources, main: "laba.examples.seckill.SeckillApplication", args })
  const base = `http://127.0.0.1:${await portOfTomcat(program)}`
  await using listener = await listenBySse(`${server.base}/topic/seckillResult`)
  // Where Spring speaks SockJS it takes WebSockets without it, too.
  await using buyer = await openStompSocket(base, { path: "/websocket/websocket" })
  await buyer.connect()
  await buyer.subscribe("/topic/seckillResult")
  for (const [won, left] of [
    [true, 2],
    [true, 1],
    [true, 0],
    [false, 0],
  ]) {
    buyer.send("SEND", { destination: "/app/seckill" }, '{"buyer":"陈"}')
    const result = { buyer: "陈", won, left }
    expect(JSON.parse(bodyText(await buyer.frame("MESSAGE")))).toEqual(result)
    expect(JSON.parse(textOf(await listener.message()))).toEqual(result)
  }
}, 120_000)
