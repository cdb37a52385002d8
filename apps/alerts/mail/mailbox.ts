// A mailbox of our own, used without `--smtp`: a real SMTP server on this machine that takes every mail and publishes it, for the page.
import { randomUUID } from "node:crypto"
import { SMTPServer } from "smtp-server"
import { type LabaAccess, publish } from "../../kit/laba/laba-calls.ts"
import { mailbox } from "../channels/names.ts"
import { type ParsedMail, parseMail } from "./mime.ts"

/** A mail that arrived. */
export interface Mail extends ParsedMail {
  readonly id: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** The longest mail, in bytes: a message of Laba holds it. */
const mailBytesMax = 32 * 1024

export class Mailbox {
  private readonly server: SMTPServer
  /** Set once there is one: the mailbox is there before Laba, which is to know its address. */
  access: LabaAccess | null = null

  private constructor(log: (line: string) => void) {
    this.server = new SMTPServer({
      authOptional: true,
      // It listens on this machine only, and has no certificate.
      disabledCommands: ["STARTTLS"],
      size: mailBytesMax,
      onData: (stream, _session, done) => {
        const parts: Buffer[] = []
        let bytes = 0
        stream.on("data", (part: Buffer) => {
          bytes += part.length
          if (bytes <= mailBytesMax) parts.push(part)
        })
        stream.on("end", () => {
          if (bytes > mailBytesMax) return done(new Error("The letter is too long."))
          const finish = async (): Promise<void> => done(await this.receive(Buffer.concat(parts)))
          void finish()
        })
      },
    })
    this.server.on("error", (error) => log(`mailbox: ${error.message}`))
  }

  /** Listens at any free port of this machine. */
  static async open(log: (line: string) => void): Promise<Mailbox> {
    const opened = new Mailbox(log)
    await new Promise<void>((resolve) => opened.server.listen(0, "127.0.0.1", resolve))
    return opened
  }

  get smtp(): string {
    return `smtp://127.0.0.1:${(this.server.server.address() as { port: number }).port}`
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()))
  }

  /** Null when it is taken; else why not, and the sender tries again. */
  private async receive(raw: Buffer): Promise<Error | null> {
    const mail: Mail = { id: randomUUID(), at: Date.now(), ...parseMail(raw) }
    try {
      if (this.access) await publish(this.access, mailbox, mail, { once: mail.id })
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
    return null
  }
}
