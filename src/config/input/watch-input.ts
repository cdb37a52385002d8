// What can be configured about watches, as its user writes it. The comments here are also the texts of the docs.

/** A channel that must be heard from, and who is told when it is not. */
export interface WatchInput {
  /** A channel, or a pattern. A channel is watched from the start; one of a pattern, from its first message on. */
  readonly channel: string
  /** How often it speaks, a time. Default: a sixth of `silent`. */
  readonly every?: number | string
  /** After how long without a word the alarm is given, a time. Default: six times `every`. One of the two must be there. */
  readonly silent?: number | string
  /** Who is told, once when it is silent and once when it is back. In a cluster one node tells. */
  readonly tell: readonly TellInput[]
}

/** One way to tell: exactly one of `channel`, `webhook`, `command`, `mail` and `sms`. */
export interface TellInput {
  /** A channel the alarm is published to, as JSON. */
  readonly channel?: string
  /** A URL that the alarm is posted to, as a CloudEvent with JSON. Tried again for about ten minutes. */
  readonly webhook?: string
  /** Signs what goes to the webhook: by `laba-signature`, as hooks are, and as Standard Webhooks has it. Default: it is not signed. */
  readonly secret?: string
  /** A line for the shell, or a list of a program and its arguments, run without one. The alarm is on standard input and in `LABA_…` variables. */
  readonly command?: string | readonly string[]
  /** A mail. */
  readonly mail?: MailInput
  /** A text message. */
  readonly sms?: SmsInput
}

interface MailInput {
  /** The mail server: `smtp://user:password@mail.example:587`, or `smtps://` for TLS from the first byte. */
  readonly smtp: string
  /** Whom it is from: `alarm@example.com` or `Laba <alarm@example.com>`. */
  readonly from: string
  /** Whom it goes to: an address or a list. */
  readonly to: string | readonly string[]
}

export interface SmsInput {
  /** Who sends it. */
  readonly provider: "tencent" | "twilio"
  /** A number with its country code, such as `+8613711112222`, or a list. */
  readonly to: string | readonly string[]
  /** Tencent Cloud: the SecretId. */
  readonly secretId?: string
  /** Tencent Cloud: the SecretKey. */
  readonly secretKey?: string
  /** Tencent Cloud: the SmsSdkAppId. */
  readonly appId?: string
  /** Tencent Cloud: an approved template with two places, the channel and `silent` or `back`. */
  readonly templateId?: string
  /** Tencent Cloud: an approved signature; needed in mainland China. */
  readonly signName?: string
  /** Tencent Cloud: the region. Default `ap-guangzhou`. */
  readonly region?: string
  /** Twilio: the account's SID. */
  readonly accountSid?: string
  /** Twilio: the account's token. */
  readonly authToken?: string
  /** Twilio: one of your numbers, or a messaging service. */
  readonly from?: string
  /** Another address of the provider, such as a region's. Default `https://sms.tencentcloudapi.com`, `https://api.twilio.com`. */
  readonly endpoint?: string
}
