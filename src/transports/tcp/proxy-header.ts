// The header by which a TCP proxy says whose connection it passes on: the PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt).
// Pure; bounded, since nothing is known yet of who sends it.
import { isIP } from "node:net"

/** Who a connection comes from, by its proxy's word. */
export interface ProxiedFrom {
  /** `own`: the proxy speaks for itself, such as to see whether we are there. `unknown`: it does not know the client's address. */
  readonly from: { readonly address: string } | "own" | "unknown"
  /** Bytes of the header: what follows is the client's. */
  readonly headerBytes: number
}

/** "A 108-byte buffer is always enough to store all the line and a trailing zero" (2.1). */
const lineBytesMax = 107

/** Addresses take 216 bytes at most, and what proxies add to them (TLVs) tens to hundreds. */
const blockBytesMax = 4096

const signature = Uint8Array.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a])

/** What a stream begins with: `more` while the header is not whole, `none` when it is none. */
export function readProxyHeader(bytes: Uint8Array): ProxiedFrom | "more" | "none" {
  if (bytes.length === 0) return "more"
  return bytes[0] === signature[0] ? readBinary(bytes) : readLine(bytes)
}

const isBegunBy = (bytes: Uint8Array, start: Uint8Array): boolean =>
  start.subarray(0, bytes.length).every((byte, at) => bytes[at] === byte)

const lineStart = new TextEncoder().encode("PROXY ")

/** Version 1: one line of ASCII. */
function readLine(bytes: Uint8Array): ProxiedFrom | "more" | "none" {
  if (!isBegunBy(bytes, lineStart)) return "none"
  const end = bytes.subarray(0, lineBytesMax).indexOf(0x0a)
  if (end < 0) return bytes.length < lineBytesMax ? "more" : "none"
  const line = Buffer.from(bytes.buffer, bytes.byteOffset, end + 1).toString("latin1")
  const headerBytes = end + 1
  if (/^PROXY UNKNOWN(?: [^\r\n]*)?\r\n$/.test(line)) return { from: "unknown", headerBytes }
  const match = /^PROXY TCP([46]) (\S+) (\S+) (\d{1,5}) (\d{1,5})\r\n$/.exec(line)
  if (!match) return "none"
  const [, version, source = "", target = "", ...ports] = match
  const isRight =
    isIP(source) === Number(version) &&
    isIP(target) === Number(version) &&
    // Zones such as `%eth0` mean something on the proxy alone.
    !source.includes("%") &&
    ports.every((port) => Number(port) <= 65_535)
  return isRight ? { from: { address: source }, headerBytes } : "none"
}

/** Version 2: a signature, version and command, family, length, addresses. */
function readBinary(bytes: Uint8Array): ProxiedFrom | "more" | "none" {
  if (!isBegunBy(bytes, signature)) return "none"
  if (bytes.length < 16) return "more"
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const [command, family, length] = [view.getUint8(12), view.getUint8(13), view.getUint16(14)]
  if ((command !== 0x20 && command !== 0x21) || length > blockBytesMax) return "none"
  const headerBytes = 16 + length
  if (bytes.length < headerBytes) return "more"
  if (command === 0x20) return { from: "own", headerBytes }
  const block = bytes.subarray(16, headerBytes)
  // High four bits: IPv4 or IPv6. Low four: a stream.
  if (family === 0x11) return block.length < 12 ? "none" : { from: { address: ipv4(block) }, headerBytes }
  if (family === 0x21) return block.length < 36 ? "none" : { from: { address: ipv6(block) }, headerBytes }
  return { from: "unknown", headerBytes }
}

const ipv4 = (block: Uint8Array): string => block.subarray(0, 4).join(".")

function ipv6(block: Uint8Array): string {
  const view = new DataView(block.buffer, block.byteOffset)
  const mapped = block.subarray(0, 10).every((byte) => byte === 0) && view.getUint16(10) === 0xffff
  if (mapped) return ipv4(block.subarray(12))
  const groups = Array.from({ length: 8 }, (_, at) => view.getUint16(2 * at).toString(16))
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1)
}
