// A mail server that tests can have busy, or refuse a letter for good; and time that does not take its time.
import { SMTPServer } from "smtp-server"

interface PostOffice extends AsyncDisposable {
  readonly smtp: string
  /** The ids of the letters that it took, in order. Like any mailbox it knows one that comes again by its id. */
  readonly taken: string[]
  /** Letters that it did not take. */
  readonly turnedAway: number
  /** What it answers letters with from now on, as SMTP says it; null takes them. */
  answerWith(code: number | null): void
}

export async function openPostOffice(): Promise<PostOffice> {
  const taken: string[] = []
  let turnedAway = 0
  let code: number | null = null
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, _session, done) {
      let text = ""
      stream.setEncoding("utf8").on("data", (part: string) => (text += part))
      stream.on("end", () => {
        if (code !== null) {
          turnedAway++
          return done(Object.assign(new Error("not now"), { responseCode: code }))
        }
        const id = /^Message-ID: (.*)$/im.exec(text)?.[1]?.trim() ?? ""
        if (!taken.includes(id)) taken.push(id)
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    smtp: `smtp://127.0.0.1:${(server.server.address() as { port: number }).port}`,
    taken,
    get turnedAway() {
      return turnedAway
    },
    answerWith(next) {
      code = next
    },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

/** A minute is a twentieth of a second. */
export const quickClock = {
  now: () => Date.now(),
  after(ms: number, run: () => void): () => void {
    const timer = setTimeout(run, ms / 1200)
    return () => clearTimeout(timer)
  },
}
