// Listens in STOMP, in the shape that all transports share: from a cursor or from now on, over a WebSocket or TCP.
import { type HeardMessage, Listener } from "./heard.ts"
import { openStompSocket, openStompTcp, type StompFrame, type StompSocketOptions } from "./stomp.ts"

interface StompListenerOptions extends Pick<StompSocketOptions, "path" | "dial"> {
  /** Acknowledges each message, of which two at most are on their way. */
  readonly acknowledges?: boolean
}

/** Connects and subscribes to one channel; answers once connected. `base` is the address of a server, or with `tcp:` that of its port for STOMP. */
export async function listenByStomp(
  base: string,
  channel: string,
  after = "",
  { acknowledges = false, ...carried }: StompListenerOptions = {},
): Promise<Listener> {
  const { protocol, port } = new URL(base)
  const client = await (protocol === "tcp:" ? openStompTcp(Number(port)) : openStompSocket(base, carried))
  const listener = new Listener(`STOMP ${base}${channel}`, () => client.close())
  try {
    await client.connect()
  } catch (error) {
    client.close()
    throw error
  }
  client.send("SUBSCRIBE", {
    id: "0",
    destination: channel,
    after,
    receipt: "start",
    ...(acknowledges && { ack: "client-individual", "prefetch-count": 2 }),
  })
  void hear(client, listener, channel)
  return listener
}

async function hear(
  client: Awaited<ReturnType<typeof openStompTcp | typeof openStompSocket>>,
  { inbox }: Listener,
  channel: string,
): Promise<void> {
  for (;;) {
    // Until it has ended: a test may take its time.
    const frame = await client.frames.next(2 ** 30).catch(() => null)
    if (frame === null) {
      const { code, reason } = await client.ended.promise
      inbox.push({ kind: "end", code: reason || null, number: code })
      return
    }
    const { command, headers } = frame
    const cursor = headers["cursor"] ?? ""
    if (headers["ack"] !== undefined) client.send("ACK", { id: headers["ack"] })
    if (command === "RECEIPT") inbox.push({ kind: "position", cursor })
    else if (command === "ERROR") inbox.push({ kind: "end", code: headers["code"] ?? null, number: null })
    else if (headers["reset"] !== undefined)
      inbox.push({ kind: "reset", cursor, reason: headers["reset"], channel })
    else inbox.push(messageIn(frame, channel))
  }
}

/** What is text by its type is a string, and JSON is printed compactly again, so that all transports can be compared. */
function messageIn({ headers, body }: StompFrame, channel: string): HeardMessage {
  const type = headers["content-type"] ?? "text/plain"
  const isJson = type === "application/json" || type.endsWith("+json")
  const isText = isJson || type.startsWith("text/") || type.endsWith("+xml") || type === "application/xml"
  const text = isText ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(body) : null
  return {
    kind: "message",
    cursor: headers["cursor"] ?? null,
    ownCursor: headers["cursor"] ?? null,
    data: text === null ? body : isJson ? JSON.stringify(JSON.parse(text)) : text,
    channel,
    id: headers["message-id"] ?? null,
    type,
  }
}
