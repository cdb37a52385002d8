// Bytes in JSON: base64 with padding (RFC 4648, 4), in one spelling. Imports nothing.

const grammar = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The bytes, or null when it is no base64. */
export const readBase64 = (text: string): Uint8Array | null =>
  grammar.test(text) ? bytesOfBase64(text) : null

/** The bytes of what one of us has printed. */
export const bytesOfBase64 = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
