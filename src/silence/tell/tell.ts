// The contract of telling: the ways in which somebody can be told of an alarm, as they are configured.
import type { TencentSmsOptions } from "../sms/tencent.ts"
import type { TwilioSmsOptions } from "../sms/twilio.ts"

/** Exactly one way is set; what belongs to it stands beside it. */
export type Tell =
  | { readonly way: "channel"; readonly channel: string }
  | { readonly way: "webhook"; readonly url: string; readonly secret: string | undefined }
  | { readonly way: "command"; readonly command: string | readonly string[] }
  | { readonly way: "mail"; readonly mail: MailTell }
  | { readonly way: "sms"; readonly sms: SmsTell }

export interface MailTell {
  /** `smtp://user:password@host:587`, or `smtps://` for TLS from the first byte. */
  readonly smtp: string
  readonly from: string
  readonly to: readonly string[]
}

export interface SmsTell {
  readonly to: readonly string[]
  readonly provider:
    | ({ readonly name: "tencent" } & Omit<TencentSmsOptions, "fetch" | "now">)
    | ({ readonly name: "twilio" } & Omit<TwilioSmsOptions, "fetch">)
}
