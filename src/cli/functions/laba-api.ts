// The way back from a function: Laba's HTTP, as any backend uses it.
import { typeOfData } from "../../../wire/content-type.ts"
import type { FunctionLaba } from "../../hooks/function-file.ts"

export interface LabaAddress {
  readonly url: string
  readonly key: string | null
}

/** Calls whatever Laba is at the address by then. */
export function labaApi(address: () => LabaAddress): FunctionLaba {
  const call = async (
    path: string,
    init: { readonly method: string; readonly type?: string; readonly body?: string | Uint8Array },
  ): Promise<Response> => {
    const { url, key } = address()
    const response = await fetch(`${url.replace(/\/+$/, "")}${path}`, {
      method: init.method,
      headers: {
        ...(init.type !== undefined && { "Content-Type": init.type }),
        ...(key !== null && { Authorization: `Bearer ${key}` }),
      },
      ...(init.body !== undefined && { body: init.body as BodyInit }),
    })
    if (response.ok || response.status === 410) return response
    throw new Error(`Laba answered ${response.status}: ${(await response.text()).slice(0, 300)}`)
  }
  const connection = (id: string): string => `/_/api/connections/${encodeURIComponent(id)}`
  return {
    async push(id, data) {
      return (
        (await call(connection(id), { method: "POST", type: typeOfData(data), body: data })).status !== 410
      )
    },
    async close(id) {
      return (await call(connection(id), { method: "DELETE" })).status !== 410
    },
    async publish(channel, data, type) {
      const body =
        data instanceof Uint8Array || (type !== undefined && typeof data === "string")
          ? data
          : JSON.stringify(data)
      const usual = data instanceof Uint8Array ? "application/octet-stream" : "application/json"
      await call(channel, { method: "POST", type: type ?? usual, body })
    },
  }
}
