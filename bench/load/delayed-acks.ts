// Lets listeners' sockets delay their acknowledgements, as the kernel does across a network. On loopback it acknowledges
// each read at once, which doubles the generator's cost and makes it the bottleneck. Linux only; elsewhere nothing is changed.
import { dlopen, ptr } from "bun:ffi"
import type { Socket } from "bun"

const protocolTcp = 6
const optionQuickAck = 12
const off = new Int32Array([0])

const setsockopt = process.platform === "linux" ? find() : undefined

function find() {
  try {
    const symbols = { setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" } } as const
    return dlopen("libc.so.6", symbols).symbols.setsockopt
  } catch {
    // Another C library than glibc. The generator's own CPU is printed, so its cost stays in sight.
    return undefined
  }
}

export function delayAcks(socket: Socket<unknown>): void {
  // Bun's sockets carry their descriptor, though its types do not say so.
  const { fd } = socket as { fd?: number }
  if (fd !== undefined && fd >= 0) setsockopt?.(fd, protocolTcp, optionQuickAck, ptr(off), off.byteLength)
}
