// What the guide says of RabbitMQ, as it stands there.
import { expect, test } from "bun:test"
import { RabbitMqServer } from "../support/brokers/rabbitmq.ts"
import { runGuide } from "./guide-page.ts"

test("the page of RabbitMQ runs", async () => {
  await using server = await RabbitMqServer.start()
  {
    await using client = await server.open()
    const options = { durable: true, arguments: { "x-single-active-consumer": true } }
    await client.channel.assertQueue("sale-results", options)
  }
  const history = await runGuide("rabbitmq", { from: "5672", to: new URL(server.url).port })
  expect(history).toContain('"data":{"order":"A-1","price":1}')
}, 90_000)
