// Tells the customer until when they have paid, by text message, through whichever provider there is.
import { e164, NeverAgain, SmsRefused, type SmsSender } from "laba"
import { paidUntilText } from "../sms/texts.ts"
import { orAborted } from "./aborted.ts"
import type { Notify } from "./subscriber.ts"

/** What providers say of a number that no text will ever reach. Whatever else they refuse may be different later. */
const hopeless: ReadonlySet<string> = new Set([
  // Twilio (twilio.com/docs/api/errors): no number, a landline, one that has written STOP.
  "21211",
  "21614",
  "21610",
  // Tencent Cloud (cloud.tencent.com/document/product/382/55981): no number, one that wants none.
  "InvalidParameterValue.IncorrectPhoneNumber",
  "FailedOperation.PhoneNumberInBlacklist",
])

export function notifyBySms(sender: SmsSender): Notify {
  return async (payment, signal) => {
    const to = e164(payment.customer.phone)
    if (to === null) return "nothing to tell"
    const text = paidUntilText(payment)
    const sent = sender.send({ to, text, places: [payment.customer.name, payment.paidUntil] })
    try {
      await orAborted(sent, signal)
    } catch (error) {
      if (error instanceof SmsRefused && hopeless.has(error.code))
        throw new NeverAgain(error.message, { cause: error })
      throw error
    }
    return "told"
  }
}
