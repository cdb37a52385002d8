import { expect, test } from "bun:test"
import { isIP } from "node:net"
import fc from "fast-check"
import { readProxyHeader } from "./proxy-header.ts"

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1")
const signature = "\r\n\r\n\0\r\nQUIT\n"

/** Version 2, with a block and what follows it. */
function binary(command: number, family: number, block: Uint8Array): Uint8Array {
  const head = Buffer.alloc(4)
  head[0] = command
  head[1] = family
  head.writeUInt16BE(block.length, 2)
  return Buffer.concat([bytes(signature), head, block])
}

const from = (input: Uint8Array) => {
  const read = readProxyHeader(input)
  return typeof read === "string" ? read : read.from
}

test("version 1 names the client, or says that it is unknown", () => {
  const line = "PROXY TCP4 203.0.113.9 10.0.0.1 56324 61613\r\n"
  expect(readProxyHeader(bytes(`${line}CONNECT\n\n\0`))).toEqual({
    from: { address: "203.0.113.9" },
    headerBytes: line.length,
  })
  expect(from(bytes("PROXY TCP6 2001:db8::1 ::1 1 2\r\n"))).toEqual({ address: "2001:db8::1" })
  expect(from(bytes("PROXY UNKNOWN\r\n"))).toBe("unknown")
  expect(from(bytes("PROXY UNKNOWN ffff::1 whatever 1 2\r\n"))).toBe("unknown")
})

test("what is no line of version 1 is none", () => {
  for (const line of [
    "CONNECT\n\n\0",
    "PROXY\r\n",
    "PROXY TCP4 203.0.113.9 10.0.0.1 56324 61613\n",
    "PROXY TCP4 203.0.113 10.0.0.1 56324 61613\r\n",
    "PROXY TCP4 ::1 ::1 1 2\r\n",
    "PROXY TCP6 1.2.3.4 ::1 1 2\r\n",
    "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
    "PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
    "proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
    `PROXY UNKNOWN ${"x".repeat(200)}\r\n`,
  ])
    expect([line, from(bytes(line))]).toEqual([line, "none"])
})

test("version 2 names the client, the proxy itself, or nobody", () => {
  const four = Buffer.from([203, 0, 113, 9, 10, 0, 0, 1, 0, 1, 0, 2])
  expect(readProxyHeader(Buffer.concat([binary(0x21, 0x11, four), bytes("CONNECT")]))).toEqual({
    from: { address: "203.0.113.9" },
    headerBytes: 28,
  })
  const six = Buffer.alloc(36)
  six.set([0x20, 0x01, 0x0d, 0xb8])
  six[15] = 1
  expect(from(binary(0x21, 0x21, six))).toEqual({ address: "2001:db8::1" })
  const mapped = Buffer.alloc(36)
  mapped.set([0xff, 0xff, 192, 0, 2, 1], 10)
  expect(from(binary(0x21, 0x21, mapped))).toEqual({ address: "192.0.2.1" })
  // What proxies add to the addresses is passed over.
  expect(from(binary(0x21, 0x11, Buffer.concat([four, Buffer.alloc(200)])))).toEqual({
    address: "203.0.113.9",
  })
  expect(from(binary(0x20, 0x00, new Uint8Array(0)))).toBe("own")
  for (const family of [0x00, 0x12, 0x31])
    expect(from(binary(0x21, family, Buffer.alloc(216)))).toBe("unknown")
})

test("what is no header of version 2 is none", () => {
  expect(from(binary(0x11, 0x11, Buffer.alloc(12)))).toBe("none")
  expect(from(binary(0x22, 0x11, Buffer.alloc(12)))).toBe("none")
  expect(from(binary(0x21, 0x11, Buffer.alloc(11)))).toBe("none")
  expect(from(binary(0x21, 0x21, Buffer.alloc(35)))).toBe("none")
  expect(from(binary(0x21, 0x11, Buffer.alloc(5000)).subarray(0, 16))).toBe("none")
  expect(from(bytes("\r\n\r\nCONNECT"))).toBe("none")
})

const start = fc.constantFrom(
  "",
  "PROXY ",
  "PROXY TCP4 ",
  "PROXY UNKNOWN",
  signature,
  `${signature}!`,
  `${signature}!\x11\0\x0c`,
)
const input = fc
  .tuple(start, fc.uint8Array({ maxLength: 300 }))
  .map(([text, more]) => new Uint8Array(Buffer.concat([bytes(text), more])))

test("however it is cut, the same is read: `more` until all is there, and never a longer header than came", () => {
  fc.assert(
    fc.property(input, (whole) => {
      const read = readProxyHeader(whole)
      if (typeof read === "object") {
        expect(read.headerBytes).toBeLessThanOrEqual(whole.length)
        if (typeof read.from === "object") expect(isIP(read.from.address)).not.toBe(0)
        for (let cut = 0; cut < read.headerBytes; cut++)
          expect(readProxyHeader(whole.subarray(0, cut))).toBe("more")
        expect(readProxyHeader(whole.subarray(0, read.headerBytes))).toEqual(read)
      }
      // Nobody is waited for beyond the bound.
      if (read === "more") expect(whole.length).toBeLessThan(16 + 4096)
    }),
    { numRuns: 500 },
  )
})
