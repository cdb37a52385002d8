// Tokens that are good no longer though their time is not over. In memory and bounded; who tells the other nodes, and
// who keeps it over a restart, is not known here.
import { LabaError } from "../../../wire/error.ts"
import type { Anyone, Identity, TokenIdentity } from "../access.ts"

/** Entries of each kind. About 20 MB at worst; each is dropped when the tokens it is about have expired. */
const entriesMax = 100_000

/** A token, or all of a user's that were issued up to a time. */
type RememberedRevocation =
  | { readonly token: string; readonly expiresAtSeconds: number }
  | { readonly user: string; readonly atMs: number }

interface RevocationsOptions {
  readonly lifetimeMaxMs?: number
  readonly now?: () => number
}

export class Revocations {
  /** `jti`, and when that token expires. */
  private readonly tokens = new Map<string, number>()
  /** User, and the time up to which their tokens are void. */
  private readonly users = new Map<string, number>()
  /** The longest time a token lives, so that whatever was issued before a user's revocation is over after it. */
  lifetimeMaxMs: number
  /** Called after each revocation: somebody connected may be meant. */
  onRevoke: () => void = () => undefined
  private readonly now: () => number

  constructor({ lifetimeMaxMs = 0, now = Date.now }: RevocationsOptions = {}) {
    this.lifetimeMaxMs = lifetimeMaxMs
    this.now = now
  }

  get size(): number {
    return this.tokens.size + this.users.size
  }

  /** Revokes the token with this `jti`, until it expires at `expiresAtSeconds` (its `exp`). Throws `too_many_requests` when no more can be remembered. */
  revokeToken(jti: string, expiresAtSeconds: number): void {
    const expiresAtMs = Math.min(expiresAtSeconds * 1000, this.now() + this.lifetimeMaxMs)
    if ((this.tokens.get(jti) ?? Number.NEGATIVE_INFINITY) >= expiresAtMs) return
    this.makeRoom(this.tokens, 0)
    this.tokens.set(jti, Math.max(expiresAtMs, this.tokens.get(jti) ?? 0))
    this.onRevoke()
  }

  /**
   * Revokes every token of a user that was issued up to now. `iat` counts seconds, so one issued within this very second
   * is void too, and so is one that an issuer whose clock is ahead may have issued before; one without `iat` always is. `atMs` is when that was, where it was not now. Throws `too_many_requests`.
   */
  revokeUser(user: string, atMs = this.now()): void {
    if ((this.users.get(user) ?? 0) >= atMs) return
    this.makeRoom(this.users, this.lifetimeMaxMs)
    this.users.set(user, atMs)
    this.onRevoke()
  }

  /** Makes one hold that was made on another node. Throws `too_many_requests`. */
  apply(revocation: RememberedRevocation): void {
    if ("token" in revocation) this.revokeToken(revocation.token, revocation.expiresAtSeconds)
    else this.revokeUser(revocation.user, revocation.atMs)
  }

  /** All that are remembered, for whoever keeps them elsewhere too. */
  *all(): Iterable<RememberedRevocation> {
    const now = this.now()
    const { lifetimeMaxMs } = this
    for (const [token, expiresAtMs] of this.tokens)
      if (expiresAtMs > now) yield { token, expiresAtSeconds: expiresAtMs / 1000 }
    for (const [user, atMs] of this.users) if (atMs + lifetimeMaxMs > now) yield { user, atMs }
  }

  /** Whether somebody's token was revoked, or the user whom the application named for them. */
  has(identity: Identity): boolean {
    if (identity.kind === "anyone" || this.size === 0) return false
    if (this.hasNamed(identity)) return true
    return identity.kind === "token" && (this.hasToken(identity) || this.hasUser(identity))
  }

  /** Whether it may have been issued after the user's revocation: its issuer cannot be told from one whose clock is ahead. */
  mayBeNewer(identity: TokenIdentity): boolean {
    if (this.hasToken(identity) || this.hasNamed(identity)) return false
    const { user, issuedAtMs } = identity
    return user !== undefined && issuedAtMs > (this.users.get(user) ?? Number.POSITIVE_INFINITY)
  }

  private hasNamed({ named }: Exclude<Identity, Anyone>): boolean {
    return named !== undefined && named.atMs <= (this.users.get(named.user) ?? Number.NEGATIVE_INFINITY)
  }

  private hasToken({ id }: TokenIdentity): boolean {
    return id !== undefined && this.tokens.has(id)
  }

  private hasUser({ user, issuedAtMs, clockAheadMsMax }: TokenIdentity): boolean {
    const before = user === undefined ? undefined : this.users.get(user)
    return before !== undefined && issuedAtMs - clockAheadMsMax <= before
  }

  /** Makes room. What it forgets is expired; what is not, it never forgets. */
  private makeRoom(entries: Map<string, number>, keptMs: number): void {
    if (entries.size < entriesMax) return
    const overMs = this.now() - keptMs
    for (const [name, time] of entries) if (time < overMs) entries.delete(name)
    if (entries.size < entriesMax) return
    throw new LabaError("too_many_requests", `More than ${entriesMax} revocations cannot be remembered.`, {
      retryAfterSeconds: 60,
    })
  }
}
