// A session with a channel whose rule says `latest`, and thousands of commands whose answers nobody fetches.
import type { Attack } from "../attack.ts"

const commands = JSON.stringify(
  Array.from({ length: 64 }, (_, at) => ({
    op: "presence",
    ref: `${at}`.padEnd(64, "x"),
    channel: "/latest/a",
  })),
)

export const unreadAnswers: Attack = {
  name: "opens a session, subscribes where `latest` is allowed, and never fetches the answers to its commands",
  config: { channels: { "/latest/**": { listen: "anyone", presence: "anyone", slow: "latest" } } },
  async run(server) {
    const opened = (await (await server.asAttacker("/_/session", { method: "POST" })).json()) as {
      frames: { connection: string }[]
    }
    const address = `/_/session/${opened.frames[0]?.connection}`
    const command = (body: string) =>
      server.asAttacker(address, { method: "POST", headers: { "Content-Type": "application/json" }, body })
    await command(JSON.stringify({ op: "subscribe", ref: 1, channel: "/latest/a" }))
    let accepted = 0
    // 64 answers of some 150 bytes each: 40 MB, forty times what an outbox may hold.
    for (let round = 0; round < 4000; round += 20) {
      const statuses = await Promise.all(
        Array.from({ length: 20 }, async () => (await command(commands)).status),
      )
      if (statuses.includes(410)) return []
      accepted += statuses.filter((status) => status < 300).length
    }
    return [`the session took ${accepted} batches of commands and was never ended`]
  },
}
