// What a request offers to become (RFC 9110, 7.8). Only a WebSocket is more than an offer that may be passed over: Java's
// `HttpClient` and `curl --http2` offer `h2c` with every request.

/** Whether a request wants to go on as a WebSocket. */
export function asksForWebSocket(headers: Headers): boolean {
  const offered = headers.get("upgrade")
  return offered !== null && lists(offered, "websocket")
}

/** Whether its `Connection` says so too, as it must (RFC 6455, 4.2.1). */
export const connectionUpgrades = (headers: Headers): boolean =>
  lists(headers.get("connection") ?? "", "upgrade")

/** Whether a comma-separated header names a word, in whatever case. */
const lists = (header: string, word: string): boolean =>
  header.split(",").some((name) => name.trim().toLowerCase() === word)
