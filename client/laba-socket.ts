// The surface of the browser's own WebSocket over one channel, for code that was written for it: the same names, the same
// four numbers, and beneath them a connection that comes back.
import type { Channel } from "./channels/channel.ts"
import { connect } from "./connect.ts"
import type { Laba } from "./laba.ts"
import type { Options } from "./options.ts"
import { isBinary } from "./publishing/payload.ts"
import { makeReason, type Reason } from "./reason.ts"

/** Like a `MessageEvent`: text and JSON as a string, bytes as a `Uint8Array`. */
export interface LabaSocketMessage {
  readonly type: "message"
  readonly data: string | Uint8Array
  /** The cursor, under the name that `EventSource` has for it. */
  readonly lastEventId: string
}

/** Something went wrong, or may be missing (`reset`); the connection goes on by itself unless `onclose` follows. */
interface LabaSocketError {
  readonly type: "error"
  readonly reason: Reason
}

export interface LabaSocketClose {
  readonly type: "close"
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

/** `new LabaSocket("https://push.example/orders/42")`: `onclose` comes once, when it will not come back. */
export class LabaSocket {
  declare readonly url: string
  declare onopen: ((event: { readonly type: "open" }) => void) | null
  declare onmessage: ((event: LabaSocketMessage) => void) | null
  declare onerror: ((event: LabaSocketError) => void) | null
  declare onclose: ((event: LabaSocketClose) => void) | null
  declare private readonly laba: Laba
  declare private readonly channel: Channel

  constructor(url: string, options: Options = {}) {
    const { href, origin, pathname, searchParams } = new URL(url, globalThis.location?.href)
    const after = searchParams.get("after")
    this.url = href
    this.onopen = this.onmessage = this.onerror = this.onclose = null
    this.laba = connect(origin.replace(/^ws/, "http"), options)
    const channel = this.laba.channel(pathname, after ? { after } : {})
    const failed = (reason: Reason): void => this.onerror?.({ type: "error", reason })
    channel.on("message", ({ data, text, cursor }) => {
      this.onmessage?.({ type: "message", data: text ?? (data as Uint8Array), lastEventId: cursor })
    })
    channel.on("reset", ({ reason }) => failed(makeReason("reset", "at-once", reason)))
    channel.on("state", ({ state, reason }) => {
      if (state === "open") this.onopen?.({ type: "open" })
      else if (reason && state !== "closed") failed(reason)
      else if (reason) {
        this.close()
        const wasClean = reason.code === "closed"
        this.onclose?.({ type: "close", code: wasClean ? 1000 : 1006, reason: reason.code, wasClean })
      }
    })
    this.channel = channel
  }

  /** 0 connecting (again, too), 1 open, 3 closed; 2 is only ever passed through. */
  get readyState(): 0 | 1 | 2 | 3 {
    const { state } = this.channel
    return state === "open" ? 1 : state === "closed" ? 3 : 0
  }

  /** Publishes to the channel; kept while the connection is away. What fails is told to `onerror`. Throws `TypeError` for anything else than text and bytes: a Blob is read first. */
  send(data: string | ArrayBuffer | ArrayBufferView): void {
    if (typeof data !== "string" && !isBinary(data)) throw new TypeError("what is sent is text or bytes")
    this.channel.publish(data).catch((reason) => this.onerror?.({ type: "error", reason }))
  }

  close(): void {
    this.laba.close()
  }
}
