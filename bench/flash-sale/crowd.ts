// Users of a bench: scattered names, their logins and buy tokens made with the shop's own secrets, so that the shop has
// every one of them to verify.
import { DemoLogin } from "../../apps/flash-sale/http/login.ts"
import { issueBuyToken } from "../../apps/flash-sale/intake/buy-token.ts"
import { Seal } from "../../apps/flash-sale/intake/seal.ts"
import { Ledger } from "../../apps/flash-sale/ledger/ledger.ts"
import { ledgerPath } from "../../apps/flash-sale/server.ts"

export class Crowd {
  private readonly seal: Seal
  private readonly login: DemoLogin
  private readonly sale: string
  private readonly port: number

  constructor(options: { directory: string; sale: string; port: number }) {
    const database = Ledger.read(ledgerPath(options.directory))
    const row = database.query<{ value: string }, []>("SELECT value FROM secrets WHERE name = 'tokens'").get()
    database.close()
    if (!row) throw new Error("The shop has no secrets yet.")
    this.seal = new Seal(row.value)
    this.login = new DemoLogin(this.seal)
    this.sale = options.sale
    this.port = options.port
  }

  /** The n-th user. Neighbours in time are not neighbours by name: an index must not profit from the order. */
  user(at: number): string {
    return `u${Math.imul(at + 1, 0x9e3779b1) >>> 0}`
  }

  credential(at: number): string {
    return this.login.issue(this.user(at), Date.now()) as string
  }

  /** The whole request with which the n-th user enters. */
  entering(at: number): string {
    const user = this.user(at)
    const token = issueBuyToken(this.seal, { user, sale: this.sale, had: 0 }, Date.now())
    const body = `{"token":"${token}"}`
    return (
      `POST /api/sales/${this.sale}/tickets HTTP/1.1\r\nHost: 127.0.0.1:${this.port}\r\n` +
      `Authorization: Bearer ${this.credential(at)}\r\nIdempotency-Key: k\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    )
  }
}
