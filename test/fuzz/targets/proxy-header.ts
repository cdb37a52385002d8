// The header of the PROXY protocol: read, refused or waited for, and the same however it is cut.
import { isIP } from "node:net"
import { readProxyHeader } from "../../../src/transports/tcp/proxy-header.ts"
import type { ParserTarget } from "../target.ts"
import { agree, hold } from "./agree.ts"

export const proxyHeader: ParserTarget = {
  kind: "parser",
  name: "proxy-header",
  words: [
    "PROXY ",
    "TCP4 ",
    "TCP6 ",
    "UNKNOWN",
    "\r\n",
    "::1",
    "127.0.0.1",
    " 65535",
    "\r\n\r\n\0\r\nQUIT\n",
    "!",
    " ",
    "\x11",
    "\x21",
    "\0\x0c",
    "\0\x24",
  ],
  check(input) {
    const read = readProxyHeader(input)
    if (read === "more") hold("nobody is waited for without a bound", input.length < 16 + 4096)
    if (typeof read === "string") return
    hold("a header is no longer than what came", read.headerBytes <= input.length)
    if (typeof read.from === "object") hold("an address is one", isIP(read.from.address) !== 0)
    agree("the header alone", readProxyHeader(input.subarray(0, read.headerBytes)), read)
    agree(
      "the header but for its last byte",
      readProxyHeader(input.subarray(0, read.headerBytes - 1)),
      "more",
    )
  },
  work: { bytesMax: 128 * 1024, run: (input) => readProxyHeader(input) },
}
