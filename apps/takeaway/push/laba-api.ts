// Laba by its backend API: publishing, and single connections by their ids.
import type { Loudspeaker } from "./loudspeaker.ts"

interface LabaApiOptions {
  /** Where Laba listens; may be known later than this is made. */
  readonly url: () => string
  readonly key: string
}

/** The name of the hook of the first desk's sockets: they are pushed to as its gateway was, by its own JSON. */
export const rawHook = "first-desk"

const gone = 410

/** A call that takes longer has failed, and is made again where that matters. */
const callMsMax = 5000

export function labaApi({ url, key }: LabaApiOptions): Loudspeaker {
  const call = (method: string, path: string, body?: string): Promise<Response> =>
    fetch(`${url()}/_/api${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${key}`,
        ...(body !== undefined && { "Content-Type": "application/json" }),
      },
      ...(body !== undefined && { body }),
      signal: AbortSignal.timeout(callMsMax),
    })
  return {
    get url() {
      return url()
    },
    async publish(messages) {
      const response = await call("POST", "/publish", JSON.stringify({ messages }))
      if (!response.ok) throw await failure(response)
      const { results } = (await response.json()) as { results: readonly { readonly error?: unknown }[] }
      const failed = results.find(({ error }) => error !== undefined)
      if (failed) throw new Error(`Laba did not publish: ${JSON.stringify(failed.error)}`)
    },
    async send(id, text) {
      const said = { action: "data send", secConnectionID: id, dataType: "text", data: text }
      const response = await call("POST", `/tencent/${rawHook}`, JSON.stringify({ websocket: said }))
      if (!response.ok) throw await failure(response)
      const { errNo, errMsg } = (await response.json()) as { errNo?: number; errMsg?: string }
      if (errNo === gone) return false
      if (errNo !== 0) throw new Error(`Laba did not push: ${errNo} ${errMsg}`)
      return true
    },
    async isOpen(id) {
      const response = await call("GET", `/connections/${encodeURIComponent(id)}`)
      if (response.status === gone) return false
      if (!response.ok) throw await failure(response)
      await response.body?.cancel()
      return true
    },
  }
}

async function failure(response: Response): Promise<Error> {
  return new Error(`Laba answered ${response.status}: ${(await response.text()).slice(0, 200)}`)
}
