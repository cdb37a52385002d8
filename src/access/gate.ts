// The gate of a node: finds out who asks, and whether they may, by the configuration at hand. Configured anew while it
// is in use; what was verified under the old configuration is verified again.
import type { Action, Channel, Permissions, Rule, Who } from "../channels/channel.ts"
import { LabaError } from "../../wire/error.ts"
import { type NameSource, parseChannel } from "../channels/name.ts"
import { parsePattern } from "../channels/pattern.ts"
import type { Rules } from "../channels/rules.ts"
import type { MaybePromise } from "../engines/engine.ts"
import {
  type Access,
  anyone,
  type Asked,
  type Decision,
  type Identity,
  type KeyIdentity,
  type TokenIdentity,
} from "./access.ts"
import { type AccessConfig, hasCredentials, type IssuerConfig, type TokensConfig } from "./access-config.ts"
import { Proxies } from "./client-address.ts"
import { type CredentialPlaces, credentialIn } from "./credential.ts"
import { decide } from "./decision.ts"
import { Jwks } from "./jwks.ts"
import { isKey, Keys } from "./keys.ts"
import { isLoopbackAddress } from "./loopback-guard.ts"
import { Origins } from "./origins.ts"
import { type DefaultPermissions, defaultPermissions, isAboutUsers } from "./permissions.ts"
import type { Revocations } from "./revocations.ts"
import { type Issuer, TokenVerifier } from "./token-verifier.ts"
import { isOwned, isOwnedBy, meansMe, userPart } from "./user-part.ts"
import { fixedKeys, pemKey, secretKey, type VerifyKey, type VerifyKeys } from "./verify-key.ts"

export interface GateConfig {
  readonly access: AccessConfig
  readonly rules: Rules
  readonly open: boolean
  readonly listen: { readonly host: string }
}

export interface GateOptions {
  readonly config: GateConfig
  readonly revocations: Revocations
  /** Told of each fetch of public keys: null, or why it failed. */
  readonly onFetchKeys?: (url: string, error: unknown) => void
  /** Called when a public key may be gone by which somebody is connected. */
  readonly onWithdrawKeys?: () => void
  readonly now?: () => number
}

/** What follows from one configuration. */
interface Settings {
  readonly rules: Rules
  readonly enforced: boolean
  readonly hasCredentials: boolean
  readonly guardsLoopback: boolean
  readonly isLocal: boolean
  readonly proxies: Proxies
  readonly keys: Keys
  readonly verifier: TokenVerifier | null
  /** 0 without tokens. */
  readonly lifetimeMaxMs: number
  readonly places: CredentialPlaces
  readonly defaults: DefaultPermissions
  /** Rules that say who may in users' own channels. */
  readonly aboutUsers: ReadonlySet<Rule>
}

export class Gate implements Access {
  /** Counts the configurations: what was permitted under this one is permitted while it is, to whom `check` lets pass. */
  generation = 0
  private settings: Settings
  private readonly options: GateOptions
  private readonly now: () => number
  /** By address, and kept over a reload: what was fetched is good still, and asking again at once is no use. */
  private fetched = new Map<string, Jwks>()

  constructor(options: GateOptions) {
    this.options = options
    this.now = options.now ?? Date.now
    this.settings = this.settingsOf(options.config)
  }

  /**
   * Takes another configuration. Connections that it does not let stay are for the caller to end; the answer says whether the
   * one before let somebody do something, had what they have shown been good.
   */
  configure(config: GateConfig): (identity: Identity, action: Action, channel: Channel) => boolean {
    this.generation++
    const before = this.settings
    const known = this.fetched
    this.fetched = new Map()
    this.settings = this.settingsOf(config, known)
    // Somebody may be connected by a key of theirs, so that is not left until the first token comes.
    for (const [url, jwks] of this.fetched) if (!known.has(url)) void jwks.refresh()
    return (identity, action, channel) => this.decideBy(before, identity, action, channel, null).allowed
  }

  /** Asks for public keys that were fetched a while ago: what was withdrawn must go, also where nobody shows a token. */
  freshenKeys(): void {
    for (const jwks of this.fetched.values()) jwks.freshen()
  }

  get enforced(): boolean {
    return this.settings.enforced
  }

  /** The longest time that a token is good, as clocks may differ at both of its ends and at a revocation. */
  get lifetimeMaxMs(): number {
    return this.settings.lifetimeMaxMs
  }

  /** Whether anybody can be told from anybody. */
  get hasCredentials(): boolean {
    return this.settings.hasCredentials
  }

  /** Without credentials only this machine may come, unless the server is open on purpose. */
  get guardsLoopback(): boolean {
    return this.settings.guardsLoopback
  }

  /** Anybody may come, and nobody can be told from anybody. */
  get isOpen(): boolean {
    return !this.settings.hasCredentials && !this.settings.guardsLoopback
  }

  /** Nobody but this machine can reach the server, and no proxy speaks for others: addresses need not be looked at. */
  get isLocal(): boolean {
    return this.settings.isLocal
  }

  get proxies(): Proxies {
    return this.settings.proxies
  }

  get origins(): Origins {
    return this.settings.places.origins
  }

  identify(asked: Asked): MaybePromise<Identity> {
    if (!this.settings.hasCredentials) return anyone
    const credential = credentialIn(asked, this.settings.places)
    if (credential === null) return anyone
    // A key is for backends, which can set a header: in an address, a cookie or a page it would be anybody's soon.
    if (isKey(credential) && asked.headers.has("authorization"))
      return this.settings.keys.identify(credential)
    return this.verify(credential)
  }

  verify(token: string): MaybePromise<TokenIdentity> {
    const { verifier } = this.settings
    if (!verifier) throw noTokens()
    const identity = verifier.verify(token)
    return identity instanceof Promise
      ? identity.then((known) => this.stillGood(known))
      : this.stillGood(identity)
  }

  channelOf(identity: Identity, name: string, source: NameSource): Channel {
    const channel = parseChannel(name, source)
    if (!meansMe(channel)) return channel
    if (identity.kind === "token" && identity.user !== undefined) {
      return parseChannel(`/${userPart(identity.user)}${channel.slice("/@me".length)}`, "body")
    }
    throw identity.kind === "anyone"
      ? new LabaError("unauthorized", "`/@me` are the channels of a token's user; no token was shown.")
      : new LabaError(
          "forbidden",
          "`/@me` are the channels of a token's user, and this credential names none.",
        )
  }

  may(identity: Identity, action: Action, channel: Channel): void {
    if (!this.settings.enforced) return
    const { who } = permissionOf(this.settings, action, channel)
    if (who === "anyone" && identity.kind === "anyone") return
    const decision = this.decide(identity, action, channel)
    if (!decision.allowed) throw new LabaError(decision.code ?? "forbidden", decision.detail)
  }

  decide(identity: Identity, action: Action, channel: Channel): Decision {
    return this.decideBy(this.settings, identity, action, channel, this.objectionTo(identity))
  }

  objectionTo(identity: Identity): LabaError | null {
    if (identity.kind === "anyone") return null
    if (identity.kind === "key") return this.objectionToKey(identity)
    if (identity.expiresAtMs <= this.now())
      return new LabaError("token_expired", "The token has expired; get a new one.")
    const { revocations } = this.options
    if (revocations.has(identity))
      return revocations.mayBeNewer(identity)
        ? new LabaError(
            "token_expired",
            "The token was issued too soon after its user's tokens were revoked to be told from those; get a new one.",
          )
        : new LabaError("unauthorized", "The token was revoked; log in again.")
    if (identity.proof === null) return null
    const { verifier } = this.settings
    return verifier ? verifier.objectionTo(identity.proof) : noTokens()
  }

  /** Throws what `objectionTo` says. */
  check(identity: Identity): void {
    const objection = this.objectionTo(identity)
    if (objection) throw objection
  }

  /** A key's scopes as they are configured now. Throws `unauthorized` for one that is not. */
  scopesOf(key: KeyIdentity): KeyIdentity["scopes"] {
    const current = this.settings.keys.current(key)
    if (current) return current.scopes
    throw this.objectionTo(key) as LabaError
  }

  private objectionToKey(key: KeyIdentity): LabaError | null {
    if (!this.settings.keys.current(key))
      return new LabaError("unauthorized", `The key ${key.name} is not one of the configured ones any more.`)
    return this.options.revocations.has(key)
      ? new LabaError("unauthorized", "The user whom the application named for this key was revoked.")
      : null
  }

  private decideBy(
    settings: Settings,
    identity: Identity,
    action: Action,
    channel: Channel,
    objection: LabaError | null,
  ): Decision {
    const { who, pattern } = permissionOf(settings, action, channel)
    const isOwner =
      identity.kind === "token" && identity.user !== undefined && isOwnedBy(channel, identity.user)
    const known = identity.kind === "key" ? (settings.keys.current(identity) ?? identity) : identity
    return decide(known, { action, channel, who, pattern, isOwner, objection })
  }

  private stillGood(identity: TokenIdentity): TokenIdentity {
    this.check(identity)
    return identity
  }

  private settingsOf(
    { access, rules, open, listen }: GateConfig,
    known: ReadonlyMap<string, Jwks> = new Map(),
  ): Settings {
    const { keys, tokens } = access
    const closed = hasCredentials(access)
    const origins = new Origins({
      allowed: access.origins,
      loopback: !closed && !open,
      cookies: tokens?.cookie !== undefined,
    })
    return {
      rules,
      enforced: closed || rules.entries.some(({ who }) => isClosed(who)),
      hasCredentials: closed,
      guardsLoopback: !closed && !open,
      isLocal: isLoopbackAddress(listen.host) && access.proxies.length === 0,
      proxies: new Proxies(access.proxies),
      keys: new Keys(keys),
      verifier: tokens && this.verifierOf(tokens, known),
      lifetimeMaxMs: tokens ? (tokens.lifetimeMaxSeconds + 3 * tokens.leewaySeconds) * 1000 : 0,
      places: { cookie: tokens?.cookie, inQuery: tokens?.inQuery ?? false, origins },
      defaults: defaultPermissions(closed),
      aboutUsers: new Set(rules.entries.filter(({ pattern }) => isAboutUsers(parsePattern(pattern)))),
    }
  }

  private verifierOf(
    { issuers, leewaySeconds, lifetimeMaxSeconds }: TokensConfig,
    known: ReadonlyMap<string, Jwks>,
  ): TokenVerifier {
    return new TokenVerifier({
      issuers: issuers.flatMap((issuer) => this.issuersOf(issuer, known)),
      leewaySeconds,
      lifetimeMaxSeconds,
      now: this.now,
    })
  }

  /** The keys at hand and those to be fetched, apart: so the former need not wait for the latter. */
  private issuersOf(
    { secrets, publicKeys, jwks, ...issuer }: IssuerConfig,
    fetched: ReadonlyMap<string, Jwks>,
  ): Issuer[] {
    const known = [...secrets.map((secret) => secretKey(secret)), ...publicKeys.map((pem) => pemKey(pem))]
    const sources: VerifyKeys[] = []
    if (known.length > 0) sources.push(fixedKeys(known.filter((key): key is VerifyKey => key !== null)))
    if (jwks !== undefined) {
      const set = this.fetched.get(jwks) ?? fetched.get(jwks) ?? this.jwksAt(jwks)
      this.fetched.set(jwks, set)
      sources.push(set)
    }
    return sources.map((keys) => ({ keys, ...issuer }))
  }

  private jwksAt(url: string): Jwks {
    const { onFetchKeys, onWithdrawKeys } = this.options
    return new Jwks({
      url,
      now: this.now,
      onFetch: (error) => onFetchKeys?.(url, error),
      onWithdraw: () => onWithdrawKeys?.(),
    })
  }
}

const noTokens = (): LabaError =>
  new LabaError("unauthorized", "This server is not configured to check tokens.")

function permissionOf(
  { rules, aboutUsers, defaults }: Settings,
  action: Action,
  channel: Channel,
): { readonly who: Who; readonly pattern: string } {
  const rule = rules.for(channel)
  // A user's own channels stay the user's, whatever is said of channels at large.
  if (isOwned(channel) && !aboutUsers.has(rule)) return { who: defaults.own[action], pattern: "/@*/**" }
  return { who: rule.who?.[action] ?? "anyone", pattern: rule.pattern }
}

const isClosed = (who: Permissions | undefined): boolean =>
  who !== undefined && Object.values(who).some((one) => one !== "anyone")
