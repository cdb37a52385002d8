// What can be configured about access, as its user writes it. The comments here are also the texts of the docs.
import type { Who } from "../../channels/channel.ts"

/** Who may do what with a channel. A rule that leaves one out goes by the most specific wider rule that does not. */
export interface PermissionsInput {
  /** Who may hear what is published from now on. Default `anyone` without `keys` and `tokens`, `token` with them, and `owner` for `/@<user>/…`. */
  readonly listen?: Who
  /** Who may publish. Default `anyone` without `keys` and `tokens`, else `key`. */
  readonly publish?: Who
  /** Whether it is kept who listens, and who may see it. `true` keeps it, and so does naming who; `false` does not. Default: it is not kept. Who may, unless named: `anyone` without `keys` and `tokens`, else `key`, and `owner` for `/@<user>/…`. */
  readonly presence?: boolean | Who
  /** Who may read what was published before: resume from a cursor, poll, fetch the newest message. Needed beside `listen`. Default: who may listen. */
  readonly readHistory?: Who
  /** Who may forget a channel's history and send its listeners away. Default `anyone` without `keys` and `tokens`, else `key`. */
  readonly manage?: Who
}

/** A key of a backend. `laba key new` makes one and prints these lines. */
export interface KeyInput {
  /** Who has the key, for logs, limits and errors: lower-case letters, digits and dashes. Two keys may share one, as while they are rotated. */
  readonly name: string
  /** The SHA-256 of the key, in hexadecimal. The key itself is kept nowhere. */
  readonly sha256: string
  /** Patterns of the channels it may publish to. Default none. */
  readonly publish?: readonly string[]
  /** Patterns of the channels it may listen to, with their history and presence. Default none. */
  readonly listen?: readonly string[]
  /** Patterns of the channels it may delete. Default none. */
  readonly manage?: readonly string[]
}

/** Who issues tokens, and by which key that is known. */
interface IssuerInput {
  /** A shared secret of at least 32 bytes, or a list of them while it is changed: HS256, and HS384 and HS512 when it is as long as their hash. Or `LABA_TOKEN_SECRET`. */
  readonly secret?: string | readonly string[]
  /** Public keys in PEM: RSA of at least 2048 bits (RS and PS), P-256, P-384 and P-521 (ES), Ed25519 (EdDSA). */
  readonly publicKeys?: readonly string[]
  /** The address of a set of public keys (JWKS). By https; by http only from this machine. Nothing in a token changes what is fetched. */
  readonly jwks?: string
  /** What a token's `iss` must be. Default: it is not looked at. */
  readonly issuer?: string
  /** What a token's `aud` must name, or a list of which it must name one. Default: it is not looked at. */
  readonly audience?: string | readonly string[]
  /** Put before each `sub` to make the user. Default empty. With `otherIssuers` each says its own: two issuers may have the same `sub` for two people. */
  readonly userPrefix?: string
}

/** The tokens of clients (JWT). */
export interface TokensInput extends IssuerInput {
  /** Others whose tokens count too, each with its own keys. Then every one needs an `issuer`. */
  readonly otherIssuers?: readonly IssuerInput[]
  /** The longest time from a token's `iat` to its `exp`, a time; without `iat`, from now on. Default 24h: what a stolen one is good for, and how long a revocation must be remembered. */
  readonly lifetimeMax?: number | string
  /** How far clocks may differ, a time. Default 5s. */
  readonly leeway?: number | string
  /** A cookie that may hold the token. It counts only with an Origin that is this server's or listed in `origins`. Default none. */
  readonly cookie?: string
  /** Whether `?token=` may hold it. Default false: addresses end up in logs, histories and `Referer`. */
  readonly inQuery?: boolean
}
