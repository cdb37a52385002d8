// Tells by mail. SMTP is spoken by nodemailer, which is loaded only where a mail is to be sent: a server that sends none
// need not have it.
import type { Recipient } from "../messenger.ts"
import { letterOf, lineOf } from "../wording.ts"
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

/** Not written into the import: neither a bundler nor a type checker is to look for what need not be there. */
const packageName: string = "nodemailer"

async function mailer(): Promise<Mailer> {
  try {
    return (await import(packageName)) as Mailer
  } catch (cause) {
    throw new Error("mail needs the package nodemailer beside laba: npm install nodemailer", { cause })
  }
}

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
          subject: `[laba] ${lineOf(alarm)}`,
          text: letterOf(alarm),
          // Nobody's "out of office" answers an alarm.
          headers: { "Auto-Submitted": "auto-generated" },
        })
      } finally {
        transport.close()
      }
    },
  }
}
