// What can be configured about STOMP, as its user writes it. The comments here are also the texts of the docs.

export interface StompInput {
  /** Further paths at which WebSockets speak STOMP, such as `/websocket` or `/ws`: what clients of Spring's servers ask for. Such a path is no channel that anybody may use. Default none; `/_/stomp` always speaks it. */
  readonly paths?: readonly string[]
  /** A TCP port for STOMP without WebSockets, such as 61613: what Spring's broker relay and clients in most languages speak. It listens where `listen.host` says, with TLS where `tls` is configured. 0 is any free one. Default: none. */
  readonly tcp?: number
  /** Whether the proxies that `proxies` names begin each TCP connection by saying for whom they connect: the PROXY protocol, version 1 or 2 (`send-proxy` of HAProxy, `proxy_protocol on` of nginx). Others connect as ever. Not with `tls`, which the proxy has to end. Default false: who comes by a TCP proxy has the proxy's address. */
  readonly proxyProtocol?: boolean
}
