// What the guide says of MQTT, as it stands there.
import { expect, test } from "bun:test"
import { startMosquitto } from "../support/brokers/mqtt.ts"
import { runGuide } from "./guide-page.ts"

test("the page of MQTT runs", async () => {
  await using broker = await startMosquitto()
  const history = await runGuide("mqtt", { from: "1883", to: String(broker.port) })
  expect(history).toContain('"data":{"order":"A-1","price":1.00}')
}, 60_000)
