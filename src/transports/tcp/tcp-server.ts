// A TCP port: whoever comes is handed over with their address, and their bytes go to the connection that was made of them.
import { isThisMachine, plainAddress } from "../../access/origins/client-address.ts"
import { ProxiedPeer } from "./proxied-peer.ts"
import type { TcpOrigin, TcpPeer, TcpSocket } from "./tcp-peer.ts"

interface TcpServerOptions {
  readonly hostname: string
  readonly port: number
  /** Whether other processes of this user may listen there too. Linux spreads connections among them. */
  readonly sharePort: boolean
  /** Texts in PEM; without them it speaks plain TCP. With `ca`, clients need a certificate of one of these authorities. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca?: string } | null
  /** Makes a connection of a socket; it may still refuse it. Never throws. */
  readonly accept: (socket: TcpSocket, origin: TcpOrigin) => TcpPeer
  /** Whether who connects from there has to say by the PROXY protocol for whom. */
  readonly isProxy: (address: string) => boolean
  /** A proxy did not say for whom it connects. */
  readonly onProxyMute: (address: string) => void
  /** Somebody spoke TLS where plain TCP is spoken, or plain TCP where TLS is. */
  readonly onMismatch: (spoken: "tls" | "plain") => void
}

export interface TcpServer {
  readonly port: number
  /** Nobody new is let in. */
  stop(): void
}

/** Seconds of silence after which the kernel asks whether a peer that promised no heart-beats is still there. */
const keepAliveMs = 60_000

/** What the TLS library calls a first record that is none. */
const notTls = /HTTP_REQUEST|HTTPS_PROXY_REQUEST|WRONG_VERSION_NUMBER/

/** The first record of a TLS handshake (RFC 8446, 5.1). */
const isTlsHello = (bytes: Uint8Array): boolean => bytes[0] === 0x16 && bytes[1] === 0x03

/** Throws what the system says when the port is taken. */
export function startTcpServer(options: TcpServerOptions): TcpServer {
  const { hostname, port, sharePort, tls, accept, onMismatch, isProxy, onProxyMute } = options
  /** Those of whom nothing has come yet. */
  const silent = new Set<TcpSocket>()
  // Bun takes it here as for HTTP, and its types do not know it.
  const shared: object = sharePort ? { reusePort: true } : {}
  const peerOf = (socket: TcpSocket): TcpPeer => {
    const address = plainAddress(socket.remoteAddress)
    const originAt = (at: string): TcpOrigin => ({ address: at, isThisMachine: isThisMachine(at) })
    if (!isProxy(address)) return accept(socket, originAt(address))
    return new ProxiedPeer({
      accept: (from) =>
        accept(
          socket,
          typeof from === "object"
            ? originAt(plainAddress(from.address))
            : { address, isThisMachine: from === "own" && isThisMachine(address) },
        ),
      refuse() {
        onProxyMute(address)
        socket.terminate()
      },
    })
  }
  const server = Bun.listen<TcpPeer | null>({
    hostname,
    port,
    ...shared,
    ...(tls && {
      tls: {
        cert: tls.cert,
        key: tls.key,
        ...(tls.ca !== undefined && { ca: tls.ca, requestCert: true, rejectUnauthorized: true }),
      },
    }),
    socket: {
      open(socket) {
        socket.setKeepAlive(true, keepAliveMs)
        socket.setNoDelay(true)
        if (!tls) silent.add(socket)
        socket.data = peerOf(socket)
      },
      // With it, TLS connections are known from their beginning, as plain ones are: who never ends the handshake is counted, and ended in time.
      handshake(socket, authorized, error) {
        if (!authorized && notTls.test(String(error))) onMismatch("plain")
        if (tls?.ca !== undefined && !authorized) socket.terminate()
        else socket.data?.onDrain()
      },
      data(socket, bytes) {
        if (silent.delete(socket) && isTlsHello(bytes)) onMismatch("tls")
        socket.data?.onData(bytes)
      },
      drain: (socket) => socket.data?.onDrain(),
      // Half of a connection is none: whoever sends no more has gone.
      end: (socket) => void socket.end(),
      close(socket) {
        silent.delete(socket)
        socket.data?.onClose()
      },
      error: (socket) => socket.data?.onClose(),
    },
  })
  return { port: server.port, stop: () => server.stop() }
}
