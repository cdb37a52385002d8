// The shop's own login: JSON Web Tokens (RFC 7519) signed with a shared secret (HS256) or with a key whose public half we
// have (RS256, ES256). The algorithm is ours to choose, never the token's. What was verified once is remembered.
import { createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from "node:crypto"
import { isUserName } from "../model/record.ts"
import type { Login } from "./login.ts"

export interface ShopJwtOptions {
  readonly algorithm: "HS256" | "RS256" | "ES256"
  /** The secret, or the public key as PEM. */
  readonly key: string
  readonly issuer?: string | undefined
  readonly audience?: string | undefined
}

/** Verified tokens remembered: about 400 bytes each. A flood of tokens empties the memory, and costs only time. */
const rememberedMax = 100_000

/** Clocks of two machines differ. */
const leewaySeconds = 5

interface Claims {
  readonly sub?: unknown
  readonly exp?: unknown
  readonly nbf?: unknown
  readonly iss?: unknown
  readonly aud?: unknown
}

export class ShopJwt implements Login {
  private readonly options: ShopJwtOptions
  private readonly publicKey: KeyObject | null
  private verified = new Map<string, { user: string; untilMs: number }>()

  /** Throws when the key is not one. */
  constructor(options: ShopJwtOptions) {
    this.options = options
    if (options.algorithm === "HS256" && options.key.length < 32)
      throw new Error("A shared secret has at least 32 characters.")
    this.publicKey = options.algorithm === "HS256" ? null : publicKeyIn(options.key)
  }

  userOf(credential: string, nowMs: number): string | null {
    const known = this.verified.get(credential)
    if (known) return known.untilMs > nowMs ? known.user : null
    const claims = this.claimsOf(credential)
    if (claims === null) return null
    const { sub, exp, nbf = 0, iss, aud } = claims
    const { issuer, audience } = this.options
    if (typeof sub !== "string" || !isUserName(sub) || typeof exp !== "number" || typeof nbf !== "number")
      return null
    if (issuer !== undefined && iss !== issuer) return null
    if (audience !== undefined && !(Array.isArray(aud) ? aud : [aud]).includes(audience)) return null
    const untilMs = (exp + leewaySeconds) * 1000
    if (untilMs <= nowMs || (nbf - leewaySeconds) * 1000 > nowMs) return null
    if (this.verified.size >= rememberedMax) this.verified = new Map()
    this.verified.set(credential, { user: sub, untilMs })
    return sub
  }

  private claimsOf(token: string): Claims | null {
    const [head, body, signature, ...more] = token.split(".")
    if (!head || !body || !signature || more.length > 0 || token.length > 8192) return null
    const { alg } = jsonOf(head) as { alg?: unknown }
    if (
      alg !== this.options.algorithm ||
      !this.isSigned(`${head}.${body}`, Buffer.from(signature, "base64url"))
    )
      return null
    return jsonOf(body)
  }

  private isSigned(text: string, signature: Buffer): boolean {
    if (this.publicKey === null) {
      const right = createHmac("sha256", this.options.key).update(text).digest()
      return right.length === signature.length && timingSafeEqual(right, signature)
    }
    const key =
      this.options.algorithm === "ES256"
        ? ({ key: this.publicKey, dsaEncoding: "ieee-p1363" } as const)
        : this.publicKey
    return verify("sha256", Buffer.from(text), key, signature)
  }
}

function jsonOf(part: string): Claims {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString())
    return typeof value === "object" && value !== null ? value : {}
  } catch {
    return {}
  }
}

function publicKeyIn(pem: string): KeyObject {
  try {
    return createPublicKey(pem)
  } catch (cause) {
    throw new Error(
      "The shop's public key cannot be read; it is a PEM that begins with -----BEGIN PUBLIC KEY-----.",
      {
        cause,
      },
    )
  }
}
