// A real mail server on this machine that keeps what it receives.
import { SMTPServer } from "smtp-server"

interface ReceivedLetter {
  /** The envelope's, as the sender's server said them. */
  readonly from: string
  readonly to: readonly string[]
  /** Headers and body as they came. */
  readonly text: string
}

interface MailServer extends AsyncDisposable {
  readonly letters: readonly ReceivedLetter[]
  /** `smtp://127.0.0.1:…` */
  readonly url: string
}

export async function mailServer(): Promise<MailServer> {
  const letters: ReceivedLetter[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, session, done) {
      let text = ""
      stream.setEncoding("utf8")
      stream.on("data", (part: string) => (text += part))
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope
        letters.push({
          from: mailFrom ? mailFrom.address : "",
          to: rcptTo.map(({ address }) => address),
          text,
        })
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.server.address() as { port: number }
  return {
    letters,
    url: `smtp://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}
