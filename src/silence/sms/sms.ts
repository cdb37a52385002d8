// The contract of a provider of text messages: a number, and what to say. Each provider is a file beside this one, and
// speaks that provider's HTTP by itself.

export interface Sms {
  /** In E.164: `+` and country code first, such as `+8613711112222`. */
  readonly to: string
  /** What to say, for providers that take any text. */
  readonly text: string
  /** What fills a template's places, in order, for providers that send nothing but approved templates. */
  readonly places: readonly string[]
}

export interface SmsSender {
  readonly name: string
  /** Resolves with the provider's name for it once the provider has taken it. Throws `SmsRefused` when it has not. */
  send(sms: Sms): Promise<string>
}

/** What a provider said when it did not take one. */
export class SmsRefused extends Error {
  override readonly name = "SmsRefused"
  /** The provider's own code. */
  readonly code: string

  constructor(provider: string, code: string, says: string) {
    super(`${provider} refused it: ${code}: ${says}`)
    this.code = code
  }
}

/** The part of `fetch` that is used. */
export type SmsFetch = (url: string, init: RequestInit) => Promise<Response>

/** How long a provider may take to answer. */
export const smsAnswerMsMax = 10_000

/** Only digits after a `+`: everything else a person may have typed in a number is taken out. Null when it is no number. */
export function e164(number: string): string | null {
  const digits = number.replace(/[\s().-]/g, "")
  return /^\+[1-9]\d{6,14}$/.test(digits) ? digits : null
}
