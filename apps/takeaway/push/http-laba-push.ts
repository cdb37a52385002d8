// Laba by its backend API: publishing, and single connections by their ids.
import { callLaba, labaAnswer, type LabaAccess } from "../../kit/laba/laba-calls.ts"
import type { LabaPush } from "./laba-push.ts"

/** The name of the hook of the first desk's sockets: they are pushed to as its gateway was, by its own JSON. */
export const firstDeskHook = "first-desk"

const gone = 410

export function httpLabaPush(access: LabaAccess): LabaPush {
  return {
    get url() {
      return access.url
    },
    async publish(messages) {
      const { results } = await labaAnswer<{ results: readonly { readonly error?: unknown }[] }>(
        await callLaba(access, "POST", "/_/api/publish", { json: { messages } }),
      )
      const failed = results.find(({ error }) => error !== undefined)
      if (failed) throw new Error(`Laba did not publish: ${JSON.stringify(failed.error)}`)
    },
    async send(id, text) {
      const said = { action: "data send", secConnectionID: id, dataType: "text", data: text }
      const { errNo, errMsg } = await labaAnswer<{ errNo?: number; errMsg?: string }>(
        await callLaba(access, "POST", `/_/api/tencent/${firstDeskHook}`, { json: { websocket: said } }),
      )
      if (errNo === gone) return false
      if (errNo !== 0) throw new Error(`Laba did not push: ${errNo} ${errMsg}`)
      return true
    },
    async isOpen(id) {
      const response = await callLaba(access, "GET", `/_/api/connections/${encodeURIComponent(id)}`)
      if (response.status === gone) return false
      await labaAnswer(response)
      return true
    },
  }
}
