// Reads from flags and environment which mail server and which provider of text messages are used. Without any, the demo shows mails and
// texts on its own page.
import { type SmsSender, tencentSms, twilioSms } from "laba"
import { UsageError } from "../kit/command/command-line.ts"

export interface MailSettings {
  readonly smtp: string
  readonly from: string
  readonly to: string
}

/** Null: the mailbox of the demo (mail/mailbox.ts). Throws `UsageError` when something is missing. */
export function mailSettings(given: {
  readonly smtp?: string
  readonly "mail-from"?: string
  readonly "mail-to"?: string
}): MailSettings | null {
  if (given.smtp === undefined) {
    if (given["mail-from"] !== undefined || given["mail-to"] !== undefined)
      throw new UsageError("--mail-from and --mail-to go with --smtp")
    return null
  }
  const { "mail-from": from, "mail-to": to } = given
  if (from === undefined || to === undefined) throw new UsageError("--smtp needs --mail-from and --mail-to")
  if (!/^smtps?:$/.test(URL.parse(given.smtp)?.protocol ?? ""))
    throw new UsageError(
      `--smtp is a mail server such as smtp://user:password@host:587, not "${withoutPassword(given.smtp)}"`,
    )
  if (/^\w+:\/\/[^/@]*:@/.test(given.smtp)) throw new UsageError("--smtp has an empty password before its @")
  return { smtp: given.smtp, from, to }
}

/** What stands before the @ is nobody's business. */
const withoutPassword = (address: string): string => address.replace(/^.*@/, "…@")

/** Null: the phone of the demo (sms/local-phone.ts). Throws `UsageError` when something is missing. */
export function smsSender(
  provider: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): SmsSender | null {
  const needed = (name: string): string => {
    const value = environment[name]
    if (!value) throw new UsageError(`--sms ${provider} needs ${name} in the environment`)
    return value
  }
  if (provider === undefined) return null
  if (provider === "tencent") {
    const signName = environment["ALERTS_SMS_SIGN_NAME"]
    return tencentSms({
      secretId: needed("TENCENTCLOUD_SECRET_ID"),
      secretKey: needed("TENCENTCLOUD_SECRET_KEY"),
      appId: needed("ALERTS_SMS_APP_ID"),
      templateId: needed("ALERTS_SMS_TEMPLATE_ID"),
      ...(signName && { signName }),
    })
  }
  if (provider === "twilio")
    return twilioSms({
      accountSid: needed("TWILIO_ACCOUNT_SID"),
      authToken: needed("TWILIO_AUTH_TOKEN"),
      from: needed("TWILIO_FROM"),
    })
  throw new UsageError(`--sms is tencent or twilio, not "${provider}"`)
}
