// The contract of who is at the other end of a TCP socket: what becomes of their bytes, and where they come from.
import type { Socket } from "bun"

/** What becomes of a socket's bytes. */
export interface TcpPeer {
  onData(bytes: Uint8Array): void
  onDrain(): void
  onClose(): void
}

export type TcpSocket = Socket<TcpPeer | null>

/** Where somebody comes from. */
export interface TcpOrigin {
  readonly address: string
  /** It is this machine's own address, and nobody's who came through a proxy that does not say whose. */
  readonly isThisMachine: boolean
}
