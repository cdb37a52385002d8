// What the specifications of STOMP demand, numbered by version, each with the section that says it, over both carriers.
import { afterAll, beforeAll, describe, test } from "bun:test"
import { type OwnServer, startServer } from "../../support/server.ts"
import { openStompSocket, openStompTcp } from "../../support/stomp.ts"
import { demands } from "./demands.ts"
import { type Demand, Talk, type Version } from "./talk.ts"

let server: OwnServer
beforeAll(async () => {
  server = await startServer({ stomp: { tcp: 0 }, limits: { heartbeatSeconds: 1 } })
})
afterAll(() => server[Symbol.asyncDispose]())

const carriers = {
  WebSocket: () => openStompSocket(server.base, { protocols: [] }),
  TCP: () => openStompTcp(server.laba.stompPort as number),
} as const

for (const [version, list] of Object.entries(demands) as [Version, readonly Demand[]][])
  for (const [carrier, open] of Object.entries(carriers))
    describe(`STOMP ${version} over ${carrier}`, () => {
      for (const [index, [section, says, holds]] of list.entries())
        test.concurrent(
          `${version}-${index + 1} «${section}»: ${says}`,
          async () => {
            const talk = new Talk({ version, base: server.base, open })
            try {
              await holds(talk)
            } finally {
              talk.close()
            }
          },
          20_000,
        )
    })
