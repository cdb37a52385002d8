// The keys of backends: how one looks, how one is made, and whether a text is one. Only digests are kept.
import { hash, randomBytes, timingSafeEqual } from "node:crypto"
import { LabaError } from "../../../wire/error.ts"
import type { KeyIdentity } from "../access.ts"
import { scopeOf } from "./scope.ts"

/** A key as the configuration has it. */
export interface KeyConfig {
  readonly name: string
  /** SHA-256 of the whole key, in hexadecimal. */
  readonly sha256: string
  readonly publish: readonly string[]
  readonly listen: readonly string[]
  readonly manage: readonly string[]
}

/** What a key's name may be: no underscore, since that ends it in the key. */
export const keyName = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/

/** Longer texts are no keys, and need not be digested. */
const keyCharsMax = 128

/** Whether a credential claims to be a key. No JWT does: its first part is the base64 of `{`, which begins with `e`. */
export const isKey = (text: string): boolean => text.startsWith("laba_")

/** A new key of 256 random bits, and the digest to configure. The text is shown once and kept nowhere. */
export function makeKey(name: string): { readonly text: string; readonly sha256: string } {
  const text = `laba_${name}_${randomBytes(32).toString("base64url")}`
  return { text, sha256: digestOf(text) }
}

/**
 * All keys that are configured. The secrets have 256 random bits, so one round of SHA-256 keeps them: what makes hashing
 * passwords slow is that people choose them.
 */
export class Keys {
  private readonly entries: readonly { readonly digest: Buffer; readonly identity: KeyIdentity }[]
  private readonly byDigest: ReadonlyMap<string, KeyIdentity>

  constructor(keys: readonly KeyConfig[]) {
    this.entries = keys.map(({ name, sha256, publish, listen, manage }) => ({
      digest: Buffer.from(sha256, "hex"),
      identity: {
        kind: "key",
        name,
        digest: sha256.toLowerCase(),
        scopes: { publish: scopeOf(publish), listen: scopeOf(listen), manage: scopeOf(manage) },
      },
    }))
    this.byDigest = new Map(this.entries.map(({ identity }) => [identity.digest, identity]))
  }

  /** What a key is that was one of these, or of an earlier configuration: its scopes may be others. Null: it is none any more. */
  current({ digest }: KeyIdentity): KeyIdentity | null {
    return this.byDigest.get(digest) ?? null
  }

  /** Whose key this is. Throws `unauthorized`. */
  identify(text: string): KeyIdentity {
    let found: KeyIdentity | null = null
    if (text.length <= keyCharsMax) {
      const given = digest(text)
      // All of them, always: how long it takes tells nothing about which one is near.
      for (const entry of this.entries) if (timingSafeEqual(entry.digest, given)) found = entry.identity
    }
    if (found) return found
    throw new LabaError("unauthorized", "This key is not one of the configured ones.")
  }
}

/** What is kept of a key. */
export const digestOf = (text: string): string => digest(text).toString("hex")

const digest = (text: string): Buffer => hash("sha256", text, "buffer")
