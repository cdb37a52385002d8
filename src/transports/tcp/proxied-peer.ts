// A connection that a trusted proxy passes on, until its first bytes have said whose it is.
import { type ProxiedFrom, readProxyHeader } from "./proxy-header.ts"
import type { TcpPeer } from "./tcp-peer.ts"

/** A proxy sends its header at once. */
const headerWithinMs = 5000

interface ProxiedPeerOptions {
  /** Makes the connection, to which everything goes from then on. */
  readonly accept: (from: ProxiedFrom["from"]) => TcpPeer
  /** The header did not come, or is none. */
  readonly refuse: () => void
}

export class ProxiedPeer implements TcpPeer {
  private readonly options: ProxiedPeerOptions
  private readonly deadline: ReturnType<typeof setTimeout>
  private bytes: Uint8Array = new Uint8Array(0)
  private peer: TcpPeer | null = null

  constructor(options: ProxiedPeerOptions) {
    this.options = options
    this.deadline = setTimeout(options.refuse, headerWithinMs)
    this.deadline.unref()
  }

  onData(bytes: Uint8Array): void {
    if (this.peer) return this.peer.onData(bytes)
    // Copied, since the runtime may use its memory again.
    this.bytes = Buffer.concat([this.bytes, bytes])
    const read = readProxyHeader(this.bytes)
    if (read === "more") return
    clearTimeout(this.deadline)
    if (read === "none") return this.options.refuse()
    const rest = this.bytes.subarray(read.headerBytes)
    this.bytes = new Uint8Array(0)
    this.peer = this.options.accept(read.from)
    if (rest.length > 0) this.peer.onData(rest)
  }

  onDrain(): void {
    this.peer?.onDrain()
  }

  onClose(): void {
    clearTimeout(this.deadline)
    this.peer?.onClose()
  }
}
