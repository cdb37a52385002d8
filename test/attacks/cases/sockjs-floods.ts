// Messages of SockJS by the hundred thousand.
import type { Attack } from "../attack.ts"

const flood = JSON.stringify(Array<string>(170_000).fill(""))
const nested = "[".repeat(250_000) + "]".repeat(250_000)

export const sockJsFloods: Attack = {
  name: "posts a hundred thousand SockJS messages at once, and arrays nested deep, again and again",
  config: { sockjs: { paths: { "/sockjs": "stomp" } } },
  async run(server) {
    const findings: string[] = []
    const post = async (target: string, body: string): Promise<number> => {
      const answer = await server.asAttacker(target, { method: "POST", body })
      await answer.arrayBuffer()
      return answer.status
    }
    for (let round = 0; round < 8; round++) {
      const session = `/sockjs/000/flood${round}`
      await post(`${session}/xhr`, "")
      for (const body of [nested, flood, flood]) {
        const status = await post(`${session}/xhr_send`, body)
        if (![204, 429, 500].includes(status)) findings.push(`was answered ${status}`)
      }
    }
    return findings
  },
}
