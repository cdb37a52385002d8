// Attributes of CloudEvents as HTTP headers: what a header cannot hold is percent-encoded (CloudEvents HTTP binding 1.0,
// 3.1.3.2).

const printable = /^[!#$&-~]*$/

/** Space, quotes, `%` and everything outside printable ASCII become `%XX` of their UTF-8. */
export function encodeAttribute(text: string): string {
  if (printable.test(text)) return text
  let encoded = ""
  for (const byte of new TextEncoder().encode(text)) {
    const plain = byte > 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x25
    encoded += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
  }
  return encoded
}

/** The text that was encoded. What is no escape stays as it is. */
export function decodeAttribute(header: string): string {
  if (!header.includes("%")) return header
  const bytes: number[] = []
  const source = new TextEncoder().encode(header)
  for (let at = 0; at < source.length; at++) {
    const byte = source[at] as number
    const escape = byte === 0x25 ? /^[0-9a-fA-F]{2}$/.exec(header.slice(at + 1, at + 3)) : null
    if (escape) at += 2
    bytes.push(escape ? Number.parseInt(escape[0], 16) : byte)
  }
  return new TextDecoder().decode(new Uint8Array(bytes))
}
