// A key that checks signatures, and the algorithms that it may check: they follow from the key itself, never from the
// token, so that no public key is taken for a shared secret and `none` is no algorithm (RFC 8725, 3.1 and 3.2).
import { createHmac, createPublicKey, randomBytes } from "node:crypto"
import { importJWK, type CryptoKey, type JWK } from "jose"

export interface VerificationKey {
  /** Tells this key from every other, wherever it was configured or fetched, and gives nothing of it away. */
  readonly digest: string
  readonly kid: string | undefined
  readonly algorithms: readonly string[]
  /** The key for one of its algorithms. */
  for(algorithm: string): Promise<CryptoKey>
}

/** The keys that might have signed a token. */
export interface VerificationKeys {
  /**
   * Those that fit the algorithm and, where both have one, the `kid`. At most `candidatesMax`. Null when the issuer must be asked
   * first.
   */
  atHand(algorithm: string, kid: string | undefined): readonly VerificationKey[] | null
  /**
   * Those that fit after the issuer was asked anew, for a token that none of those at hand has signed. Throws `keys_unavailable`
   * when it cannot be asked now: there may be one that is not known here yet.
   */
  renewed(algorithm: string, kid: string | undefined): Promise<readonly VerificationKey[]>
  /** Why what the key of this digest has signed is believed no longer; null while it is. */
  whyNoLongerValid(digest: string): LostKey | null
}

/** `unauthorized`: the key was withdrawn. `keys_unavailable`: nobody has been able to say for too long. */
export type LostKey = "unauthorized" | "keys_unavailable"

/** Keys tried for one token. A set with more that fit is a mistake, and trying all of them a gift to attackers. */
const candidatesMax = 8

/** RFC 7518, 3.2: a key of the size of the hash at least. Shorter secrets are guessed offline, from any one token. */
export const secretBytesMin = 32

/** RFC 7518, 3.3. */
const rsaBitsMin = 2048

/** A shared secret, as UTF-8. Null when it is too short. */
export function secretKey(secret: string, kid?: string): VerificationKey | null {
  const bytes = new TextEncoder().encode(secret)
  if (bytes.length < secretBytesMin) return null
  const algorithms = ["HS256", "HS384", "HS512"].filter((name) => bytes.length * 8 >= Number(name.slice(2)))
  return makeKey({ kid, algorithms, digest: `${secretMark}${digestOf(bytes)}` }, (algorithm) =>
    crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: `SHA-${algorithm.slice(2)}` }, false, [
      "verify",
    ]),
  )
}

/** A public key in PEM (SPKI, or a certificate's). Null when it is none, is private, or is too weak. */
export function pemKey(pem: string, kid?: string): VerificationKey | null {
  // Node would derive the public half; a private key in a config of who only checks is a mistake to be told of.
  if (/PRIVATE KEY/.test(pem)) return null
  try {
    return publicKey({ ...(createPublicKey(pem).export({ format: "jwk" }) as JWK), ...(kid && { kid }) })
  } catch {
    return null
  }
}

/** A public JWK (RFC 7517). Null when its kind is not known, it is meant for something else, or it is too weak. */
export function publicKey(jwk: JWK): VerificationKey | null {
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
    { kid, algorithms, digest: digestOf(JSON.stringify(bare)) },
    async (algorithm) => (await importJWK(bare, algorithm, { extractable: false })) as CryptoKey,
  )
}

/** Whether a public key can have made a signature of this algorithm. */
export const isPublicAlgorithm = (algorithm: string): boolean =>
  rsa.includes(algorithm) || edwards.includes(algorithm) || ellipticAlgorithms.includes(algorithm)

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
const ellipticAlgorithms = [...ellipticCurves.values()].flat()
/** The old name and the new one (RFC 9864). */
const edwards = ["EdDSA", "Ed25519"]

const bitsOf = (base64url: string): number => Buffer.from(base64url, "base64url").length * 8

/** Begins the digests of shared secrets. */
const secretMark = "secret:"

/** Whether a digest is of a shared secret, which nobody publishes. */
export const isOfSecret = (digest: string): boolean => digest.startsWith(secretMark)

/** Of this process alone, so that the digest of a shared secret is nothing to guess it by. */
const digestSecret = randomBytes(32)

const digestOf = (key: string | Uint8Array): string =>
  createHmac("sha256", digestSecret).update(key).digest("base64url")

function makeKey(
  facts: Pick<VerificationKey, "kid" | "algorithms" | "digest">,
  load: (algorithm: string) => Promise<CryptoKey>,
): VerificationKey {
  const imported = new Map<string, Promise<CryptoKey>>()
  return {
    ...facts,
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
export function fixedKeys(keys: readonly VerificationKey[]): VerificationKeys {
  const digests = new Set(keys.map(({ digest }) => digest))
  return {
    whyNoLongerValid: (digest) => (digests.has(digest) ? null : "unauthorized"),
    atHand: (algorithm, kid) => fitting(keys, algorithm, kid),
    renewed: async () => [],
  }
}

export const fitting = (
  keys: readonly VerificationKey[],
  algorithm: string,
  kid: string | undefined,
): readonly VerificationKey[] =>
  keys
    .filter(
      (key) =>
        key.algorithms.includes(algorithm) && (kid === undefined || key.kid === undefined || key.kid === kid),
    )
    .slice(0, candidatesMax)
