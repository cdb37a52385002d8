// Tells the company of each new paying customer, by mail. A renewal is no news.
import { NeverAgain } from "laba"
import { createTransport } from "nodemailer"
import { newCustomerMail } from "../mail/mail-texts.ts"
import type { MailSettings } from "../mail-and-sms-settings.ts"
import { orAborted } from "./aborted.ts"
import type { Notify } from "./subscriber.ts"

const answerMsMax = 15_000

export function notifyByMail({ smtp, from, to }: MailSettings): Notify {
  const transport = createTransport({
    url: smtp,
    connectionTimeout: answerMsMax,
    greetingTimeout: answerMsMax,
    socketTimeout: answerMsMax,
    // What customers have typed can load nothing.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return async (payment, signal) => {
    if (!payment.isNewCustomer) return "nothing to tell"
    const letter = newCustomerMail(payment)
    // At least once: should the same payment be told again, mailboxes know the letter by its id.
    const sent = transport.sendMail({
      from,
      to,
      ...letter,
      messageId: `<${payment.id}@payments.laba.invalid>`,
    })
    try {
      await orAborted(sent, signal)
    } catch (error) {
      throw isForGood(error) ? new NeverAgain((error as Error).message, { cause: error }) : error
    }
    return "told"
  }
}

/** A mail server's 5xx to this letter or its addresses (RFC 5321, 4.2.1). A wrong password can be mended, and is tried again. */
function isForGood(error: unknown): boolean {
  const { code, responseCode = 0 } = error as { readonly code?: string; readonly responseCode?: number }
  return responseCode >= 500 && (code === "EENVELOPE" || code === "EMESSAGE")
}
