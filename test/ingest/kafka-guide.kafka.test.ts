// What the guide says of Kafka, as it stands there.
import { expect, test } from "bun:test"
import { KafkaServer } from "../support/brokers/kafka.ts"
import { runGuide } from "./guide-page.ts"

test("the page of Kafka runs", async () => {
  await using server = await KafkaServer.start()
  await server.createTopic("sale-results", 4)
  const history = await runGuide("kafka", {
    from: "9092",
    to: server.address.slice(server.address.indexOf(":") + 1),
  })
  expect(history).toContain('"data":{"order":"A-1","price":1}')
}, 90_000)
