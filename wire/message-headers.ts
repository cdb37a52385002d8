// What a publisher says beside a payload, where its protocol has a place for it: one text to keep it as, and what it costs. Imports nothing.

/** Names with values, in their order. A name may be there once. */
export type MessageHeaders = readonly (readonly [name: string, value: string])[]

export const printMessageHeaders = (headers: MessageHeaders): string => JSON.stringify(headers)

/** Reads what `printMessageHeaders` printed. */
export const readMessageHeaders = (text: string): MessageHeaders => JSON.parse(text) as MessageHeaders

const encoder = new TextEncoder()

/** What they count for beside the payload. */
export function bytesOfHeaders(headers: MessageHeaders): number {
  let bytes = 0
  for (const [name, value] of headers) bytes += encoder.encode(name).length + encoder.encode(value).length
  return bytes
}
