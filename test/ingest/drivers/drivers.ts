// The drivers of all sources, by name, each with what it needs to be there (test/needs.mjs).
import type { SourceDriver } from "../driver.ts"

interface Listed {
  readonly needs: string
  start(): Promise<SourceDriver>
}

export const drivers: Readonly<Record<string, Listed>> = {
  kafka: { needs: "kafka", start: async () => (await import("./kafka.ts")).kafkaDriver() },
  mqtt: { needs: "mosquitto", start: async () => (await import("./mqtt.ts")).mqttDriver() },
  nats: { needs: "nats", start: async () => (await import("./nats.ts")).natsDriver() },
  postgres: { needs: "postgres", start: async () => (await import("./postgres.ts")).postgresDriver() },
  rabbitmq: { needs: "rabbitmq", start: async () => (await import("./rabbitmq.ts")).rabbitMqDriver() },
  "redis-stream": {
    needs: "redis",
    start: async () => (await import("./redis-stream.ts")).redisStreamDriver(),
  },
}
