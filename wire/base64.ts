// Bytes in JSON: base64 with padding (RFC 4648, 4), in one spelling. Imports nothing.

const grammar = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The bytes, or null when it is no base64. */
export function readBase64(text: string): Uint8Array | null {
  return grammar.test(text) ? Uint8Array.from(atob(text), (char) => char.charCodeAt(0)) : null
}
