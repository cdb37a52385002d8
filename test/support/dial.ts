// What a client speaks over: a WebSocket, or what looks like one to it.

interface DialOptions {
  readonly protocols?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

export type Dial = (url: string, options: DialOptions) => WebSocket

export const dialWebSocket: Dial = (url, options) =>
  new WebSocket(url.replace(/^http/, "ws"), options as never)
