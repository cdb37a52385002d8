// Twilio Programmable Messaging: `Messages.json` of the API 2010-04-01 (twilio.com/docs/messaging/api/message-resource).
// It sends any text.
import { type Sms, smsAnswerMsMax, type SmsFetch, SmsRefused, type SmsSender } from "./sms.ts"

export interface TwilioSmsOptions {
  /** `AC` and 32 characters. */
  readonly accountSid: string
  readonly authToken: string
  /** A number of yours in E.164, or a messaging service, `MG` and 32 characters. */
  readonly from: string
  /** Another address of the service, such as a region's. Default `https://api.twilio.com`. */
  readonly endpoint?: string
  readonly fetch?: SmsFetch
}

/** What of an answer is read; `code` and `message` only when it failed. */
interface Answer {
  readonly sid?: string
  readonly code?: number
  readonly message?: string
}

const usualEndpoint = "https://api.twilio.com"

export function twilioSms(options: TwilioSmsOptions): SmsSender {
  const { accountSid, authToken, from, endpoint = usualEndpoint, fetch: send = fetch } = options
  const messages = `${new URL(endpoint).origin}/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Messages.json`
  return {
    name: "twilio",
    async send({ to, text }: Sms) {
      const form = new URLSearchParams({
        To: to,
        [/^MG[0-9a-f]{32}$/i.test(from) ? "MessagingServiceSid" : "From"]: from,
        Body: text,
      })
      const response = await send(messages, {
        method: "POST",
        headers: {
          Authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString("base64")}`,
          "Content-Type": "application/x-www-form-urlencoded",
        },
        body: form.toString(),
        signal: AbortSignal.timeout(smsAnswerMsMax),
      })
      const answer = (await response.json().catch(() => ({}))) as Answer
      if (response.status === 201 && answer.sid !== undefined) return answer.sid
      const code = String(answer.code ?? response.status)
      throw new SmsRefused("Twilio", code, answer.message ?? "it gave no answer that says more")
    },
  }
}
