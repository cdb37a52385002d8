// Data nested thousands deep, from somebody who may not publish: parsing and printing it takes far longer than its bytes say.
import type { Attack } from "../attack.ts"
import { openAttackerSocket } from "../attacker-socket.ts"

const depth = 29_000
const nested = "[".repeat(depth) + "]".repeat(depth)

export const nestedFrames: Attack = {
  name: "publishes frames nested thousands deep without the right to",
  async run(server) {
    using socket = await openAttackerSocket(server, "/_/ws")
    if (!socket) return ["could not connect, so nothing was tried"]
    for (let ref = 1; ref <= 60; ref++)
      socket.send(`{"op":"publish","ref":${ref},"channel":"/news/a","data":${nested}}`)
    // Any answer to the last, or the end.
    await Promise.race([socket.closed(20_000), untilAnswered(socket.frames, 60)])
    return socket.frames.some((frame) => frame.includes('"op":"published"')) ? ["was let to publish"] : []
  },
}

export const nestedBodies: Attack = {
  name: "posts JSON nested thousands deep, to channels, sessions and the backend API",
  async run(server) {
    const findings: string[] = []
    const session = (await (await server.asAttacker("/_/session", { method: "POST" })).json()) as {
      frames: { connection: string }[]
    }
    const targets = [
      "/news/a",
      "/open/nested",
      `/_/session/${session.frames[0]?.connection}`,
      "/_/api/publish",
      "/_/api/broadcast",
    ]
    for (let round = 0; round < 10; round++) {
      for (const target of targets) {
        const { status } = await server.asAttacker(target, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: nested,
        })
        if (status < 400 || status >= 500) findings.push(`${target} was answered ${status}`)
      }
    }
    return findings
  },
}

async function untilAnswered(frames: readonly string[], ref: number): Promise<void> {
  while (!frames.some((frame) => frame.includes(`"ref":${ref},`))) await Bun.sleep(20)
}
