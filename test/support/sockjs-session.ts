// Sessions of SockJS spoken to as its clients do, by hand, so that a test says what goes over the wire.
import { dialWebSocket } from "./dial.ts"
import { Inbox } from "./inbox.ts"

let sessions = 0

/** The address of a session that nobody has opened yet. */
export const freshSession = (service: string): string => `${service}/000/s${process.pid}x${sessions++}`

/** A POST, and what it was answered. */
export async function post(
  url: string,
  body?: string,
  headers: Record<string, string> = {},
  gone: AbortSignal | null = null,
) {
  const response = await fetch(url, {
    method: "POST",
    headers,
    signal: gone,
    ...(body !== undefined && { body }),
  })
  return { status: response.status, headers: response.headers, body: await response.text() }
}

export const poll = async (
  session: string,
  headers?: Record<string, string>,
  gone?: AbortSignal,
): Promise<string> => (await post(`${session}/xhr`, undefined, headers, gone)).body

export const send = (session: string, ...messages: readonly string[]) =>
  post(`${session}/xhr_send`, JSON.stringify(messages))

/** A stream of frames: those of `xhr_streaming` by their lines, those of `eventsource` by their events. */
export async function openStream(
  url: string,
  method: "GET" | "POST",
  { headers = {}, gone }: { readonly headers?: Record<string, string>; readonly gone?: AbortSignal } = {},
) {
  const abort = new AbortController()
  const signal = gone ? AbortSignal.any([abort.signal, gone]) : abort.signal
  const response = await fetch(url, { method, headers, signal })
  const frames = new Inbox<string>(url)
  const ended = Promise.withResolvers<void>()
  const read = async (): Promise<void> => {
    let text = ""
    const decoder = new TextDecoder()
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true })
      const lines = text.split(/\r?\n/)
      text = lines.pop() as string
      for (const line of lines) if (line !== "") frames.push(line.replace(/^data: /, ""))
    }
    if (text !== "") frames.push(text)
  }
  read()
    .catch(() => undefined)
    .finally(() => {
      frames.fail("the stream has ended")
      ended.resolve()
    })
  return {
    response,
    frames,
    ended: ended.promise,
    cut: () => abort.abort(),
    [Symbol.asyncDispose]: async () => abort.abort(),
  }
}

/** A WebSocket whose messages and end are queued. */
export async function openSocket(
  url: string,
  protocols: readonly string[] = [],
  headers: Readonly<Record<string, string>> = {},
) {
  const socket = dialWebSocket(url, { protocols, headers })
  const frames = new Inbox<string>(url)
  const ended = Promise.withResolvers<{ code: number; reason: string }>()
  socket.onmessage = ({ data }) => frames.push(String(data))
  socket.onclose = ({ code, reason }) => {
    frames.fail(`closed with ${code} ${reason}`)
    ended.resolve({ code, reason })
  }
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve()
    socket.onerror = () => reject(new Error(`no WebSocket at ${url}`))
  })
  return {
    socket,
    frames,
    ended: ended.promise,
    send: (text: string) => socket.send(text),
    [Symbol.asyncDispose]: async () => socket.close(),
  }
}
