// A key that checks signatures, and the algorithms that it may check: they follow from the key itself, never from the
// token, so that no public key is taken for a shared secret and `none` is no algorithm (RFC 8725, 3.1 and 3.2).
import { createPublicKey } from "node:crypto"
import { importJWK, type CryptoKey, type JWK } from "jose"

export interface VerifyKey {
  readonly kid: string | undefined
  readonly algorithms: readonly string[]
  /** The key for one of its algorithms. */
  for(algorithm: string): Promise<CryptoKey>
}

/** The keys that might have signed a token. */
export interface VerifyKeys {
  /** The same as `candidates` where nothing need be fetched for it; else null. */
  atHand(algorithm: string, kid: string | undefined): readonly VerifyKey[] | null
  /** Those that fit the algorithm and, where both have one, the `kid`. At most `candidatesMax`. Throws `keys_unavailable`. */
  candidates(algorithm: string, kid: string | undefined): Promise<readonly VerifyKey[]>
}

/** Keys tried for one token. A set with more that fit is a mistake, and trying all of them a gift to attackers. */
export const candidatesMax = 8

/** RFC 7518, 3.2: a key of the size of the hash at least. Shorter secrets are guessed offline, from any one token. */
export const secretBytesMin = 32

/** RFC 7518, 3.3. */
const rsaBitsMin = 2048

/** A shared secret, as UTF-8. Null when it is too short. */
export function secretKey(secret: string, kid?: string): VerifyKey | null {
  const bytes = new TextEncoder().encode(secret)
  if (bytes.length < secretBytesMin) return null
  const algorithms = ["HS256", "HS384", "HS512"].filter((name) => bytes.length * 8 >= Number(name.slice(2)))
  return makeKey(kid, algorithms, (algorithm) =>
    crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: `SHA-${algorithm.slice(2)}` }, false, [
      "verify",
    ]),
  )
}

/** A public key in PEM (SPKI, or a certificate's). Null when it is none, is private, or is too weak. */
export function pemKey(pem: string, kid?: string): VerifyKey | null {
  // Node would derive the public half; a private key in a config of who only checks is a mistake to be told of.
  if (/PRIVATE KEY/.test(pem)) return null
  try {
    return publicKey({ ...(createPublicKey(pem).export({ format: "jwk" }) as JWK), ...(kid && { kid }) })
  } catch {
    return null
  }
}

/** A public JWK (RFC 7517). Null when its kind is not known, it is meant for something else, or it is too weak. */
export function publicKey(jwk: JWK): VerifyKey | null {
  if (jwk.use !== undefined && jwk.use !== "sig") return null
  if (jwk.key_ops !== undefined && !jwk.key_ops.includes("verify")) return null
  const possible = algorithmsOf(jwk)
  const algorithms = jwk.alg === undefined ? possible : possible.filter((name) => name === jwk.alg)
  if (algorithms.length === 0) return null
  // Only what a public key has: whatever else stands in it, a private half too, is left behind.
  const { kty, n, e, crv, x, y, kid } = jwk
  const bare = Object.fromEntries(
    Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== undefined),
  ) as JWK
  return makeKey(
    kid,
    algorithms,
    async (algorithm) => (await importJWK(bare, algorithm, { extractable: false })) as CryptoKey,
  )
}

/** A shared secret (`oct`) is not among them: one in a public document is known to everybody. */
function algorithmsOf({ kty, crv, n }: JWK): readonly string[] {
  if (kty === "RSA") return n !== undefined && bitsOf(n) >= rsaBitsMin ? rsa : []
  if (kty === "EC") return crv === undefined ? [] : (ellipticCurves.get(crv) ?? [])
  return kty === "OKP" && crv === "Ed25519" ? edwards : []
}

const rsa = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
const ellipticCurves = new Map([
  ["P-256", ["ES256"]],
  ["P-384", ["ES384"]],
  ["P-521", ["ES512"]],
])
/** The old name and the new one (RFC 9864). */
const edwards = ["EdDSA", "Ed25519"]

const bitsOf = (base64url: string): number => Buffer.from(base64url, "base64url").length * 8

function makeKey(
  kid: string | undefined,
  algorithms: readonly string[],
  load: (algorithm: string) => Promise<CryptoKey>,
): VerifyKey {
  const imported = new Map<string, Promise<CryptoKey>>()
  return {
    kid,
    algorithms,
    for(algorithm) {
      let key = imported.get(algorithm)
      if (!key) {
        key = load(algorithm)
        imported.set(algorithm, key)
      }
      return key
    },
  }
}

/** Keys that are all known from the beginning. */
export function fixedKeys(keys: readonly VerifyKey[]): VerifyKeys {
  return {
    atHand: (algorithm, kid) => fitting(keys, algorithm, kid),
    candidates: async (algorithm, kid) => fitting(keys, algorithm, kid),
  }
}

export const fitting = (
  keys: readonly VerifyKey[],
  algorithm: string,
  kid: string | undefined,
): readonly VerifyKey[] =>
  keys
    .filter(
      (key) =>
        key.algorithms.includes(algorithm) && (kid === undefined || key.kid === undefined || key.kid === kid),
    )
    .slice(0, candidatesMax)
