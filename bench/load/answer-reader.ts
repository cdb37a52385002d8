// Reads the answers on one keep-alive HTTP/1.1 connection, one after the other: status and length, the body is stepped
// over. Chunked answers are followed to their end.

const headEnd = "\r\n\r\n"

export class AnswerReader {
  private rest = ""

  /** The statuses of the answers that are complete with this chunk. */
  read(chunk: Buffer): number[] {
    this.rest += chunk.toString("latin1")
    const statuses: number[] = []
    for (;;) {
      const head = this.rest.indexOf(headEnd)
      if (head < 0) return statuses
      const end = bodyEnd(this.rest, head)
      if (end < 0 || end > this.rest.length) return statuses
      statuses.push(Number(this.rest.slice(9, 12)))
      this.rest = this.rest.slice(end)
    }
  }
}

/** Where the answer ends, or -1 when that is not yet known. */
function bodyEnd(text: string, head: number): number {
  const body = head + headEnd.length
  const fields = text.slice(0, head)
  const length = /\r\ncontent-length: *(\d+)/i.exec(fields)
  if (length) return body + Number(length[1])
  if (!/\r\ntransfer-encoding: *chunked/i.test(fields)) return body
  let at = body
  for (;;) {
    const line = text.indexOf("\r\n", at)
    if (line < 0) return -1
    const size = Number.parseInt(text.slice(at, line), 16)
    at = line + 2 + size + 2
    if (size === 0) return at
    if (at > text.length) return -1
  }
}
