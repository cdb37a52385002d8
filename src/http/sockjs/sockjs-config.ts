// What is configured about SockJS, after it was checked.
import type { Channel } from "../../channels/channel.ts"

/** What is said in the sessions below a path. */
export type SockJsCarries =
  { readonly protocol: "stomp" | "laba" } | { readonly protocol: "raw"; readonly channel: Channel }

export interface SockJsConfig {
  /** By the path that they are below. */
  readonly paths: ReadonlyMap<string, SockJsCarries>
  /** JSONP, htmlfile and the iframe. */
  readonly oldTransports: boolean
  /** The address of the client's script, for the iframe; null: there is no iframe. */
  readonly clientScript: string | null
}
