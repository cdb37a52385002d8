// The same frames to RabbitMQ's STOMP and to ours, over WebSockets: what is answered is alike, headers and all, but for what is listed with its reason.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { rabbitmq } from "../../../bench/peers/rabbitmq.ts"
import { type OwnServer, startServer } from "../../support/server.ts"
import { alike, unlike } from "./exchanges.ts"
import { listedHeaders, metHeaders, type Step, transcript } from "./transcript.ts"

let server: OwnServer
let peer: Awaited<ReturnType<typeof rabbitmq.start>>

beforeAll(async () => {
  server = await startServer()
  peer = await rabbitmq.start()
}, 60_000)
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await peer[Symbol.asyncDispose]()
}, 20_000)

const here = (steps: readonly Step[]): Promise<string[]> =>
  transcript({ base: server.base, path: "/_/stomp" }, steps)
const there = (steps: readonly Step[]): Promise<string[]> =>
  transcript({ base: `http://127.0.0.1:${peer.port}`, path: "/ws" }, steps)

const isConnected = (line: string): boolean => line.startsWith("CONNECTED")

describe("beside RabbitMQ", () => {
  for (const [name, steps] of Object.entries(alike))
    test(`[T2] [T12] [T13] [T16] [T18] [T19] [T20] answers alike: ${name}`, async () => {
      const [mine, known] = await Promise.all([here(steps), there(steps)])
      expect({ name, answers: mine }).toEqual({ name, answers: known })
    }, 40_000)

  for (const { why, steps, here: mine, there: known } of unlike)
    test(`[T5] [T7] [T10] [T13] [T17] [T21] [T22] does not answer alike: ${why}`, async () => {
      const [ours, theirs] = await Promise.all([here(steps), there(steps)])
      const behindConnected = (lines: readonly string[]): string[] =>
        lines.filter((line) => !isConnected(line))
      expect(behindConnected(ours)).toEqual(mine.toSorted())
      // One that is none any more is to be taken off the list.
      expect(behindConnected(theirs)).toEqual(known.toSorted())
    }, 40_000)

  test("each header that is listed as one's own was met", () => {
    expect([...metHeaders].toSorted()).toEqual(listedHeaders().toSorted())
  })
})
