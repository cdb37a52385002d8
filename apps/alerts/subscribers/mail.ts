// Tells the company of each new paying customer, by mail. A renewal is no news.
import { createTransport } from "nodemailer"
import { newCustomerLetter } from "../mail/letters.ts"
import type { MailSettings } from "../settings.ts"
import type { Telling } from "./subscriber.ts"

const answerMsMax = 15_000

export function mailTelling({ smtp, from, to }: MailSettings): Telling {
  const transport = createTransport({
    url: smtp,
    connectionTimeout: answerMsMax,
    greetingTimeout: answerMsMax,
    socketTimeout: answerMsMax,
    // What customers have typed can load nothing.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return async (payment) => {
    if (!payment.isNewCustomer) return "nothing to tell"
    const letter = newCustomerLetter(payment)
    // At least once: should the same payment be told again, mailboxes know the letter by its id.
    await transport.sendMail({ from, to, ...letter, messageId: `<${payment.id}@payments.laba.invalid>` })
    return "told"
  }
}
