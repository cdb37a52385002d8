// What can be configured about SockJS, as its user writes it.

/** What the config file holds under `sockjs`. */
export interface SockJsInput {
  /** What is spoken below a path, by path: `stomp` or `laba`, or an object with more. A path with everything under it is no channel. Default none. */
  readonly paths?: { readonly [path: string]: "stomp" | "laba" | SockJsPathInput }
  /** Whether the transports for browsers of before 2012 are served, too: JSONP, htmlfile and the iframe. Default false. */
  readonly oldTransports?: boolean
  /** With `oldTransports`, the address of the script of `sockjs-client`, which the page of the iframe loads. Default: none, and then there is no iframe. */
  readonly clientScript?: string
}

interface SockJsPathInput {
  /** What is said in each session: `stomp`, `laba` for the subprotocol `laba.v1`, or `raw` messages of one channel. Default `stomp`. */
  readonly protocol?: "stomp" | "laba" | "raw"
  /** With `raw`, the channel that a session listens to and publishes to. */
  readonly channel?: string
}
