// Who a buyer is: the built-in login of the demo, or the shop's own tokens. Both answer a user's name or nothing; nobody
// is ever who their URL says.
import { cookieIn } from "../../kit/http/signed-cookie.ts"
import { isUserName } from "../model/record.ts"
import type { TextSigner } from "../admission/text-signer.ts"

export interface Login {
  /** The user that a credential belongs to; null when it is none, or expired. */
  userOf(credential: string, nowMs: number): string | null | Promise<string | null>
}

export const cookieName = "flash_sale"

/** A day: a sale is over by then. */
export const loginSeconds = 86_400

/** `<name>.<until>.<mac>`, the name in base64url. There is no password: this is for trying a sale out. */
export class DemoLogin implements Login {
  private readonly seal: TextSigner

  constructor(seal: TextSigner) {
    this.seal = seal
  }

  /** Null when this cannot be a name. */
  issue(user: string, nowMs: number): string | null {
    if (!isUserName(user)) return null
    const until = Math.floor(nowMs / 1000) + loginSeconds
    const text = `${Buffer.from(user).toString("base64url")}.${until.toString(36)}`
    return `${text}.${this.seal.macOf(`login\n${text}`)}`
  }

  userOf(credential: string, nowMs: number): string | null {
    const end = credential.lastIndexOf(".")
    if (end < 0 || credential.length > 400) return null
    const text = credential.slice(0, end)
    if (!this.seal.fits(`login\n${text}`, credential.slice(end + 1))) return null
    const [name = "", until = ""] = text.split(".")
    if (Number.parseInt(until, 36) * 1000 < nowMs) return null
    return Buffer.from(name, "base64url").toString()
  }
}

/** The credential that a request carries, as a bearer token or in the cookie. */
export function credentialOf(headers: Headers): string | null {
  const authorization = headers.get("authorization")
  if (authorization?.slice(0, 7).toLowerCase() === "bearer ") return authorization.slice(7).trim()
  return cookieIn(headers, cookieName)
}
