import { expect, test } from "bun:test"
import { labaProtocol } from "../../protocols/laba/frames.ts"
import type { Protocol } from "../../protocols/protocol.ts"
import { rawProtocol } from "../../protocols/raw.ts"
import { SlowReaders } from "../slow-readers.ts"
import { makeSocketKinds } from "./socket-kinds.ts"

test("listeners of one protocol share a kind, those in frames of SockJS another one", () => {
  const kinds = makeSocketKinds({ server: null }, new SlowReaders({ outboxBytesMax: 1000 }))
  const variant: Protocol = { index: null, encode: () => "" }
  for (const protocol of [rawProtocol, labaProtocol, variant]) {
    expect(kinds.of(protocol)).toBe(kinds.of(protocol))
    expect(kinds.inSockJs(protocol)).toBe(kinds.inSockJs(protocol))
    expect(kinds.inSockJs(protocol)).not.toBe(kinds.of(protocol))
  }
  expect(kinds.inSockJs(rawProtocol)).not.toBe(kinds.inSockJs(labaProtocol))
  expect(kinds.of(rawProtocol)).toBe(kinds.raw)
})
