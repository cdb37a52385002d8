// What can be configured of MQTT as a source. The comments here are also the texts of the docs.
import type { SourceTlsInput } from "./tls-input.ts"

export interface MqttInput {
  /** The broker: `mqtt://host:1883`, or `mqtts://host:8883` for TLS. */
  readonly url: string
  /** A topic, with `+` for one level and `#` for the last ones, or a list. The session keeps them: with others take another `clientId`. */
  readonly topics: string | readonly string[]
  /** The version of the protocol, `5` or `"3.1.1"`. Default 5. */
  readonly version?: 5 | "5" | "3.1.1"
  /** 0, 1 or 2. Default 1. With 1 and 2 the broker sends again what was not acknowledged; with 0 messages get lost. Templates know a message's as `{qos}`. */
  readonly qos?: 0 | 1 | 2
  /** The name of a shared subscription, `$share/<name>/…`, which the broker divides between all nodes; they keep no common order. Default: one node reads at a time, in order. */
  readonly share?: string
  /** The name of the session at the broker, which is kept over restarts. No other client may have it. Default `laba-` and the ingest's name; with `share` the node's name behind it, so name nodes. */
  readonly clientId?: string
  /** How long the broker keeps for us what comes while no node is there. Default `7d`. Version 3.1.1 cannot say it. */
  readonly sessionExpiry?: number | string
  /** Whether messages are taken, too, that were retained before the subscription. Default false. Templates know it as `{retained}`. */
  readonly retained?: boolean
  /** The user. */
  readonly user?: string
  /** The password of `user`. */
  readonly password?: string
  /** The topic that dead letters are published to with `deadLetter: source`, in version 5. */
  readonly deadLetterTopic?: string
  /** For an address that begins with `mqtts`. */
  readonly tls?: SourceTlsInput
}
