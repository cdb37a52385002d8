// Reads server-sent events (WHATWG HTML 9.2.6) from a body, as they come. Knows the syntax, not what events mean.

/** One block of the stream. A block without `data:` lines has `data` null: it only moves the cursor. */
export interface StreamBlock {
  readonly event: string
  readonly data: string | null
  /** The last `id:` so far, this block's included. */
  readonly id: string
  /** The last `retry:` so far, in milliseconds. */
  readonly retryMs: number | null
}

/** Yields each block, heartbeats included: a comment is a block without data. */
export async function* readEventStream(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamBlock> {
  let event = ""
  let data: string[] = []
  let id = ""
  let retryMs: number | null = null
  for await (const line of linesOf(body)) {
    if (line === "") {
      yield { event: event || "message", data: data.length > 0 ? data.join("\n") : null, id, retryMs }
      event = ""
      data = []
      continue
    }
    const colon = line.indexOf(":")
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1))
    if (name === "event") event = value
    else if (name === "data") data.push(value)
    else if (name === "id" && !value.includes("\0")) id = value
    else if (name === "retry" && /^\d+$/.test(value)) retryMs = Number(value)
  }
}

/** Lines end with LF, CR or CRLF; a CRLF may be cut in two by the network. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true })
    // A CR at the end waits: its LF may follow.
    const end = rest.endsWith("\r") ? rest.length - 1 : rest.length
    const lines = rest.slice(0, end).split(/\r\n|\n|\r/)
    rest = (lines.pop() ?? "") + rest.slice(end)
    yield* lines
  }
}
