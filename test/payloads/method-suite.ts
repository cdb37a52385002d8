// Every method of publishing against every method of delivery, with every payload: one suite, whatever carries messages between the two.
import { expect, test } from "bun:test"
import { testPayloads } from "./payloads.ts"
import { publishMethods } from "./publish-methods.ts"
import { type Receiver, expectedOn, type DeliveryMethod, deliveryMethods } from "./delivery-methods.ts"
import type { PayloadServer } from "./payload-server.ts"

/** Where payloads go in and where they are heard: one server, or two nodes. Asked for once it is there. */
interface Ends {
  readonly into: PayloadServer
  readonly outOf: PayloadServer
}

export function testEveryMethod(ends: () => Ends): void {
  for (const [index, method] of publishMethods.entries())
    test(`[P11] [P12] [P13] [M1] [N1] what is published by ${method.name} is delivered by every method as it was`, async () => {
      const { into, outOf } = ends()
      const channel = `/@7/c${index}`
      const receivers: [DeliveryMethod, Receiver][] = []
      for (const out of deliveryMethods) receivers.push([out, await out.open(outOf, channel)])
      for (const payload of testPayloads) {
        if (method.carries?.(payload) === false) continue
        await method.send(into, channel, payload)
        for (const [out, receiver] of receivers) {
          const heard = Buffer.from(await receiver.next()).toString("latin1")
          const expected = Buffer.from(expectedOn(out.alteration, payload)).toString("latin1")
          const named = { out: out.name, payload: payload.name }
          // Long ones are told by where they begin.
          if (heard !== expected)
            expect({ ...named, heard: heard.slice(0, 300) }).toEqual({
              ...named,
              heard: expected.slice(0, 300),
            })
          expect(heard === expected).toBe(true)
        }
      }
      for (const [, receiver] of receivers) await receiver.close()
    })
}
