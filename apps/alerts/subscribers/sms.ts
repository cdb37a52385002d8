// Tells the customer until when they have paid, by text message, through whichever provider there is.
import { e164, type SmsSender } from "laba"
import { paidUntilText } from "../sms/texts.ts"
import type { Telling } from "./subscriber.ts"

export function smsTelling(sender: SmsSender): Telling {
  return async (payment) => {
    const to = e164(payment.customer.phone)
    if (to === null) return "nothing to tell"
    const text = paidUntilText(payment)
    await sender.send({ to, text, places: [payment.customer.name, payment.paidUntil] })
    return "told"
  }
}
