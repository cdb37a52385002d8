// More connections than an address or a user may have, all asked for at once while a hook takes its time.
import type { Attack } from "../attack.ts"
import { attackerAddress } from "../attacked-server.ts"
import { openAttackerSocket } from "../attacker-socket.ts"
import { tokenFor } from "../../access/guarded.ts"

const allowed = 20

export const racedConnections: Attack = {
  name: "opens connections all at once while a hook answers, to have more than an address or a user may",
  config: {
    limits: {
      connectionsPerAddressMax: allowed,
      connectionsPerUserMax: allowed,
      connectsPerAddressPerSecond: 0,
    },
  },
  async run(server) {
    server.backend.answerMs = 500
    const findings: string[] = []
    const token = await tokenFor("1001", { iss: "https://shop.example" })
    const arms = {
      address: () => ({ "X-Forwarded-For": attackerAddress }),
      user: (at: number) => ({ "X-Forwarded-For": `198.51.100.${at}`, Authorization: `Bearer ${token}` }),
    }
    for (const [arm, headersOf] of Object.entries(arms)) {
      const sockets = await Promise.all(
        Array.from({ length: allowed * 4 }, (_, at) =>
          openAttackerSocket(server, "/hooked/a", headersOf(at)),
        ),
      )
      const open = sockets.filter((socket) => socket !== null)
      if (open.length > allowed) findings.push(`${open.length} connections of one ${arm}`)
      if (open.length === 0) findings.push(`none by ${arm}, so nothing was tried`)
      for (const socket of open) socket[Symbol.dispose]()
      await Bun.sleep(200)
    }
    return findings
  },
}
