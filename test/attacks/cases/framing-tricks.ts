// Requests whose end can be seen in two ways: whatever is behind the first must not become a request of its own.
import { RawConnection } from "../../support/raw-tcp.ts"
import type { Attack } from "../attack.ts"

const hidden = (host: string): string =>
  `POST /open/smuggled HTTP/1.1\r\nHost: ${host}\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx`

const lengths = [
  "5",
  "05",
  "+5",
  "-5",
  "5 ",
  " 5",
  "5,5",
  "5, 6",
  "0x5",
  "5.0",
  "1e1",
  "",
  "five",
  "18446744073709551621",
  "5\t",
  "5;x",
]
const codings = [
  "chunked",
  "Chunked",
  " chunked",
  "chunked ",
  "x, chunked",
  "chunked, x",
  "chunked, chunked",
  "identity",
  "gzip, chunked",
  "\tchunked",
  "chunked\t",
  '"chunked"',
  "chunked;q=1",
  "xchunked",
  "",
]
const names = [
  "Transfer-Encoding",
  "Transfer-Encoding ",
  "Transfer_Encoding",
  "transfer-encoding",
  " Transfer-Encoding",
  "X: y\r\nTransfer-Encoding",
]
const chunks = [
  "5\r\nhello\r\n0\r\n\r\n",
  "5;x=\r\nhello\r\n0\r\n\r\n",
  "05\r\nhello\r\n0\r\n\r\n",
  "+5\r\nhello\r\n0\r\n\r\n",
  "5 \r\nhello\r\n0\r\n\r\n",
  "0x5\r\nhello\r\n0\r\n\r\n",
  "5\nhello\n0\n\n",
  "ffffffffffffffff5\r\nhello\r\n0\r\n\r\n",
  "-1\r\nhello\r\n0\r\n\r\n",
  "5\r\nhelloXX0\r\n\r\n",
]

/** Heads and bodies of a first request that is not clear about where it ends. */
function tricks(): string[] {
  const lines: string[] = []
  for (const length of lengths) lines.push(`Content-Length: ${length}\r\n\r\nhello`)
  for (const length of lengths.slice(0, 8))
    lines.push(`Content-Length: 5\r\nContent-Length: ${length}\r\n\r\nhello`)
  for (const coding of codings)
    lines.push(`Transfer-Encoding: ${coding}\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`)
  for (const name of names) lines.push(`${name}: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`)
  for (const body of chunks) lines.push(`Transfer-Encoding: chunked\r\n\r\n${body}`)
  for (const coding of codings.slice(0, 10))
    lines.push(`Transfer-Encoding: chunked\r\nTransfer-Encoding: ${coding}\r\n\r\n0\r\n\r\n`)
  for (const end of ["\n", "\r", "\0\r\n", "\r\n "]) lines.push(`X: y${end}Content-Length: 0\r\n\r\n`)
  for (const version of ["0.9", "1.0", "1.2", "2.0", "9.9", "x", ""]) lines.push(`HTTP/${version}`)
  return lines
}

export const framingTricks: Attack = {
  name: "hides a request behind 76 whose end can be seen in two ways",
  async run(server) {
    const findings: string[] = []
    const all = tricks()
    if (all.length < 76) findings.push(`only ${all.length} were tried`)
    for (const trick of all) {
      await using connection = await RawConnection.open(server.base)
      const head = trick.startsWith("HTTP/")
        ? `POST /open/first ${trick}\r\nHost: ${server.host}\r\nContent-Length: 5\r\n\r\nhello`
        : `POST /open/first HTTP/1.1\r\nHost: ${server.host}\r\nContent-Type: text/plain\r\n${trick}`
      connection.send(Buffer.from(head, "latin1"))
      // What is hidden stands where a proxy in front would still see the first one's body.
      connection.send(`${hidden(server.host)}`)
      await Promise.race([connection.closed(), Bun.sleep(150)])
      const answers = connection.text.match(/HTTP\/1\.1 \d{3}/g) ?? []
      const isClear = /^(Content-Length: 5\r\n\r\n|Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0)/.test(
        trick,
      )
      if (
        answers.length > 1 &&
        answers.every((answer) => answer.endsWith("201")) &&
        !isClear &&
        !isOneMeaning(trick)
      )
        findings.push(`${JSON.stringify(trick)} let the second one through: ${answers.join(" ")}`)
      if (answers.some((answer) => answer.endsWith("500")))
        findings.push(`${JSON.stringify(trick)} was answered 500`)
    }
    return findings
  },
}

/** Spellings that RFC 9112 lets stand for one number, or one coding: white space around a value, leading zeros, extensions of chunks. */
function isOneMeaning(trick: string): boolean {
  return (
    /^Content-Length: (05|5 | 5|5\t)\r\n\r\n/.test(trick) ||
    /^Content-Length: 5\r\nContent-Length: (5|5 | 5)\r\n/.test(trick) ||
    /^Transfer-Encoding: chunked\r\n\r\n(5;x=|05|5 )\r\nhello\r\n0/.test(trick) ||
    // Another header, with an underscore: it says nothing about the body.
    trick.startsWith("Transfer_Encoding:") ||
    trick.startsWith("HTTP/1.1")
  )
}
