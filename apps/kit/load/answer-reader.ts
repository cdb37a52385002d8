// Reads the answers on one keep-alive HTTP/1.1 connection, one after the other. Chunked answers are followed to their end.

export interface Answer {
  readonly status: number
  /** As Latin-1: what is read from it is ASCII. */
  readonly body: string
}

const headEnd = "\r\n\r\n"

export class AnswerReader {
  private rest = ""

  /** The answers that are complete with this chunk. */
  read(chunk: Buffer): Answer[] {
    this.rest += chunk.toString("latin1")
    const answers: Answer[] = []
    for (;;) {
      const head = this.rest.indexOf(headEnd)
      if (head < 0) return answers
      const found = bodyAfter(this.rest, head)
      if (!found) return answers
      answers.push({ status: Number(this.rest.slice(9, 12)), body: found.body })
      this.rest = this.rest.slice(found.end)
    }
  }
}

/** The body and where it ends, or undefined while it is not complete. */
function bodyAfter(text: string, head: number): { body: string; end: number } | undefined {
  const start = head + headEnd.length
  const fields = text.slice(0, head)
  const length = /\r\ncontent-length: *(\d+)/i.exec(fields)
  const chunked = !length && /\r\ntransfer-encoding: *chunked/i.test(fields)
  if (!chunked) {
    const end = start + Number(length?.[1] ?? 0)
    return end <= text.length ? { body: text.slice(start, end), end } : undefined
  }
  let body = ""
  let at = start
  for (;;) {
    const line = text.indexOf("\r\n", at)
    if (line < 0) return undefined
    const size = Number.parseInt(text.slice(at, line), 16)
    const end = line + 2 + size + 2
    if (end > text.length) return undefined
    if (size === 0) return { body, end }
    body += text.slice(line + 2, end - 2)
    at = end
  }
}
