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
  readonly places: CredentialPlaces
  readonly defaults: DefaultPermissions
  /** Rules that say who may in users' own channels. */
  readonly aboutUsers: ReadonlySet<Rule>
}

export class Gate implements Access {
  private settings: Settings
  private readonly options: GateOptions
  private readonly now: () => number

  constructor(options: GateOptions) {
    this.options = options
    this.now = options.now ?? Date.now
    this.settings = this.settingsOf(options.config)
  }

  /** Takes another configuration. Connections that it does not let stay are for the caller to end. */
  configure(config: GateConfig): void {
    this.settings = this.settingsOf(config)
  }

  get enforced(): boolean {
    return this.settings.enforced
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
    if (!verifier) throw new LabaError("unauthorized", "This server is not configured to check tokens.")
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
    const { who } = this.permissionOf(action, channel)
    if (who === "anyone" && identity.kind === "anyone") return
    const decision = this.decide(identity, action, channel)
    if (!decision.allowed) throw new LabaError(decision.code ?? "forbidden", decision.detail)
  }

  decide(identity: Identity, action: Action, channel: Channel): Decision {
    const { who, pattern } = this.permissionOf(action, channel)
    const isOwner =
      identity.kind === "token" && identity.user !== undefined && isOwnedBy(channel, identity.user)
    const isOver = identity.kind === "token" && identity.expiresAtMs <= this.now()
    const isRevoked = this.options.revocations.has(identity)
    return decide(identity, { action, channel, who, pattern, isOwner, isOver, isRevoked })
  }

  /** Whether somebody who is connected may stay who they are. */
  isRevoked(identity: Identity): boolean {
    return this.options.revocations.has(identity)
  }

  private permissionOf(action: Action, channel: Channel): { readonly who: Who; readonly pattern: string } {
    const { rules, aboutUsers, defaults } = this.settings
    const rule = rules.for(channel)
    // A user's own channels stay the user's, whatever is said of channels at large.
    if (isOwned(channel) && !aboutUsers.has(rule)) return { who: defaults.own[action], pattern: "/@*/**" }
    return { who: rule.who?.[action] ?? "anyone", pattern: rule.pattern }
  }

  private stillGood(identity: TokenIdentity): TokenIdentity {
    if (!this.options.revocations.has(identity)) return identity
    throw new LabaError("unauthorized", "The token was revoked; log in again.")
  }

  private settingsOf({ access, rules, open, listen }: GateConfig): Settings {
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
      verifier: tokens && this.verifierOf(tokens),
      places: { cookie: tokens?.cookie, inQuery: tokens?.inQuery ?? false, origins },
      defaults: defaultPermissions(closed),
      aboutUsers: new Set(rules.entries.filter(({ pattern }) => isAboutUsers(parsePattern(pattern)))),
    }
  }

  private verifierOf({ issuers, leewaySeconds, lifetimeMaxSeconds }: TokensConfig): TokenVerifier {
    return new TokenVerifier({
      issuers: issuers.flatMap((issuer) => this.issuersOf(issuer)),
      leewaySeconds,
      lifetimeMaxSeconds,
      now: this.now,
    })
  }

  /** The keys at hand and those to be fetched, apart: so the former need not wait for the latter. */
  private issuersOf({ secrets, publicKeys, jwks, ...issuer }: IssuerConfig): Issuer[] {
    const known = [...secrets.map((secret) => secretKey(secret)), ...publicKeys.map((pem) => pemKey(pem))]
    const sources: VerifyKeys[] = []
    if (known.length > 0) sources.push(fixedKeys(known.filter((key): key is VerifyKey => key !== null)))
    if (jwks !== undefined) {
      const onFetch = (error: unknown): void => this.options.onFetchKeys?.(jwks, error)
      sources.push(new Jwks({ url: jwks, now: this.now, onFetch }))
    }
    return sources.map((keys) => ({ keys, ...issuer }))
  }
}

const isClosed = (who: Permissions | undefined): boolean =>
  who !== undefined && Object.values(who).some((one) => one !== "anyone")
