// What the guide says of NATS, as it stands there.
import { expect, test } from "bun:test"
import { startNats } from "../support/brokers/nats.ts"
import { runGuide } from "./guide-page.ts"

test("the page of NATS runs", async () => {
  await using server = await startNats()
  const to = server.address.slice(server.address.indexOf(":") + 1)
  const history = await runGuide("nats", { from: "4222", to })
  expect(history).toContain('"data":{"order":"A-1","price":1}')
}, 60_000)
