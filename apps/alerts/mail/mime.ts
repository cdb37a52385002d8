// Parses a mail as it came over SMTP: its headers and its plain text. For showing; it knows what our own mails are made
// of (RFC 2045 and 2047), and shows anything else as it stands.

export interface ParsedMail {
  readonly from: string
  readonly to: string
  readonly subject: string
  readonly text: string
}

export function parseMail(raw: Uint8Array): ParsedMail {
  // One character a byte, so that lines can be cut before anything is decoded.
  const mail = Buffer.from(raw).toString("latin1")
  const end = mail.indexOf("\r\n\r\n")
  const headers = readHeaders(end < 0 ? mail : mail.slice(0, end))
  const body = end < 0 ? "" : mail.slice(end + 4)
  return {
    from: decodeWords(headers.get("from") ?? ""),
    to: decodeWords(headers.get("to") ?? ""),
    subject: decodeWords(headers.get("subject") ?? ""),
    text: decodeBody(body, headers.get("content-transfer-encoding") ?? "7bit").replaceAll("\r\n", "\n"),
  }
}

/** By lower-case name. A line that begins with a blank goes on from the one before. */
function readHeaders(text: string): ReadonlyMap<string, string> {
  const headers = new Map<string, string>()
  for (const line of text.replace(/\r\n[ \t]+/g, " ").split("\r\n")) {
    const colon = line.indexOf(":")
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
  }
  return headers
}

/** `=?UTF-8?B?…?=` and `=?UTF-8?Q?…?=`. Blanks between two of them mean nothing. */
function decodeWords(text: string): string {
  return text
    .replace(/(=\?[^?]+\?[BQ]\?[^?]*\?=)\s+(?==\?)/gi, "$1")
    .replace(/=\?utf-8\?([BQ])\?([^?]*)\?=/gi, (_, kind: string, data: string) =>
      kind.toUpperCase() === "B" ? fromBase64(data) : fromQuoted(data.replaceAll("_", " ")),
    )
}

function decodeBody(body: string, encoding: string): string {
  if (/^base64$/i.test(encoding)) return fromBase64(body)
  if (/^quoted-printable$/i.test(encoding)) return fromQuoted(body.replace(/=\r\n/g, ""))
  return Buffer.from(body, "latin1").toString("utf8")
}

const fromBase64 = (text: string): string => Buffer.from(text, "base64").toString("utf8")

const fromQuoted = (text: string): string =>
  Buffer.from(
    text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  ).toString("utf8")
