// Why a server does not start: not the port of HTTP, the other one.

/** The TCP port of STOMP cannot be listened at; `cause` is what the system says. */
export class StompPortError extends Error {
  readonly port: number

  constructor(port: number, cause: unknown) {
    super(`STOMP cannot be spoken at port ${port}`, { cause })
    this.port = port
  }
}
