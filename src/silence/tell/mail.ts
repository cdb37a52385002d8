// Tells by mail. SMTP is spoken by nodemailer, which is loaded only where a mail is to be sent: most servers send none.
import type { Recipient } from "../alarm-sender.ts"
import { mailTextOf, summaryOf } from "../alarm-texts.ts"
import type { MailTell } from "./tell.ts"

/** How long a mail server may take for each step. */
const answerMsMax = 15_000

/** What of nodemailer is used. */
interface Mailer {
  createTransport(options: Readonly<Record<string, unknown>>): {
    sendMail(mail: Readonly<Record<string, unknown>>): Promise<unknown>
    close(): void
  }
}

/** Not written into the import: whoever checks types against our sources need not have its types. */
const packageName: string = "nodemailer"

const mailer = async (): Promise<Mailer> => (await import(packageName)) as Mailer

export function mailTo({ smtp, from, to }: MailTell): Recipient {
  return {
    name: `mail ${to.join(", ")}`,
    async tell(alarm) {
      const transport = (await mailer()).createTransport({
        url: smtp,
        connectionTimeout: answerMsMax,
        greetingTimeout: answerMsMax,
        socketTimeout: answerMsMax,
        // What is sent is ours; nothing in it may be read from a file or fetched.
        disableFileAccess: true,
        disableUrlAccess: true,
      })
      try {
        await transport.sendMail({
          from,
          to: [...to],
          subject: `[laba] ${summaryOf(alarm)}`,
          text: mailTextOf(alarm),
          // Nobody's "out of office" answers an alarm.
          headers: { "Auto-Submitted": "auto-generated" },
        })
      } finally {
        transport.close()
      }
    },
  }
}
