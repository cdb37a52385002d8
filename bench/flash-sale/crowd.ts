// Users of a bench: scattered names, their logins and tokens made with the shop's own secrets, so that the shop has every
// one of them to verify. Requests are made before the run and lie in one block: making them must not be what is measured.
import { listenToken } from "../../apps/flash-sale/delivery/laba/listen-token.ts"
import { DemoLogin } from "../../apps/flash-sale/http/login.ts"
import { issueBuyToken } from "../../apps/flash-sale/admission/buy-token.ts"
import { TextSigner } from "../../apps/flash-sale/admission/text-signer.ts"
import { Ledger } from "../../apps/flash-sale/ledger/ledger.ts"
import { ledgerPath } from "../../apps/flash-sale/server.ts"

/** Requests of one length, one after the other. */
export interface Requests {
  readonly bytes: Buffer
  /** Bytes of each. */
  readonly length: number
  readonly count: number
}

interface Entering {
  readonly sale: string
  readonly port: number
  readonly count: number
  /** Users who click again send another key than the first time. Default `first`. */
  readonly attempt?: keyof typeof attempts
}

/** How the Idempotency-Keys of an attempt begin. They are as long as the UUIDs that pages send. */
const attempts = { first: "f81d4fae-7dec-41d0-a765-", again: "6fa459ea-ee8a-4ca4-894e-" } as const

/** No run takes longer. */
const runMsMax = 600_000

export class Crowd {
  private readonly seal: TextSigner
  private readonly login: DemoLogin
  private readonly listenSecret: string

  private constructor(tokens: string, listen: string) {
    this.seal = new TextSigner(tokens)
    this.login = new DemoLogin(this.seal)
    this.listenSecret = listen
  }

  /** The users of a shop, whose secrets are read from its books. */
  static of(directory: string): Crowd {
    const database = Ledger.read(ledgerPath(directory))
    const secret = (name: string): string => {
      const sql = "SELECT value FROM secrets WHERE name = ?"
      const row = database.query<{ value: string }, [string]>(sql).get(name)
      if (!row) throw new Error("The shop has no secrets yet.")
      return row.value
    }
    const crowd = new Crowd(secret("tokens"), secret("listen"))
    database.close()
    return crowd
  }

  /** The users of who has that secret for logins and buy tokens. They listen to nobody. */
  static withSecret(secret: string): Crowd {
    return new Crowd(secret, "")
  }

  /** The n-th user. Neighbours in time are not neighbours by name: an index must not profit from the order. */
  user(at: number): string {
    return `u${(Math.imul(at + 1, 0x9e3779b1) >>> 0).toString(36).padStart(7, "0")}`
  }

  /** What the n-th user listens with. */
  listenToken(at: number): string {
    return listenToken(this.listenSecret, this.user(at), Date.now())
  }

  /** The requests with which users 0 to `count` - 1 enter. */
  entering({ sale, port, count, attempt = "first" }: Entering): Requests {
    const one = (at: number): string => {
      const user = this.user(at)
      // As if issued shortly before the click, which may be minutes from now.
      const token = issueBuyToken(this.seal, { user, sale, had: 0 }, Date.now() + runMsMax)
      const key = attempts[attempt] + at.toString(16).padStart(12, "0")
      return (
        `POST /api/sales/${sale}/tickets HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
        `Authorization: Bearer ${this.login.issue(user, Date.now())}\r\nIdempotency-Key: ${key}\r\n` +
        `Buy-Token: ${token}\r\nContent-Length: 0\r\n\r\n`
      )
    }
    const { length } = one(0)
    const bytes = Buffer.allocUnsafe(length * count)
    for (let at = 0; at < count; at++) {
      const text = one(at)
      if (text.length !== length) throw new Error("Requests of one run have one length.")
      bytes.write(text, at * length, length, "latin1")
    }
    return { bytes, length, count }
  }
}
