// Finds out who asks, and whether they may, by the configuration at hand. Configured anew while it is in use; what was
// verified under the old configuration is verified again.
import type { Action, Channel } from "../channels/channel.ts"
import { checkNotReserved } from "../channels/reserved-paths.ts"
import { LabaError } from "../../wire/error.ts"
import type { MaybePromise } from "../engines/engine.ts"
import {
  type Access,
  anyone,
  type RequestHead,
  type Decision,
  type Identity,
  type KeyIdentity,
  type TokenIdentity,
} from "./access.ts"
import type { TrustedProxies } from "./origins/client-address.ts"
import { credentialIn } from "./credentials/credential-in-request.ts"
import { decide } from "./rules/decision.ts"
import {
  type AccessControlConfig,
  type AccessSettings,
  makeAccessSettings,
  type AccessSettingsOptions,
  permissionOf,
} from "./access-settings.ts"
import { isKey } from "./credentials/keys.ts"
import { noTokens, whyNoLongerValid } from "./credential-validity.ts"
import type { Origins } from "./origins/origins.ts"
import type { Revocations } from "./credentials/revocations.ts"
import { isOwnedBy } from "./rules/own-channels.ts"

interface AccessControlOptions extends Partial<Pick<AccessSettingsOptions, "onFetchKeys" | "now">> {
  readonly config: AccessControlConfig
  /** Told how long tokens live. */
  readonly revocations: Revocations
}

export class AccessControl implements Access {
  /** Counts the configurations: what was permitted under this one is permitted while it is, to whom `check` lets pass. */
  generation = 0
  /** Called when a public key may be gone by which somebody is connected. */
  onWithdrawKeys: () => void = () => undefined
  private settings: AccessSettings
  private readonly options: AccessSettingsOptions
  private readonly revocations: Revocations

  constructor({ config, revocations, now = Date.now, ...options }: AccessControlOptions) {
    this.options = { ...options, onWithdrawKeys: () => this.onWithdrawKeys(), now }
    this.revocations = revocations
    this.settings = this.use(makeAccessSettings(config, this.options))
  }

  /**
   * Takes another configuration. Connections that it does not let stay are for the caller to end; the answer says whether the
   * one before let somebody do something, had what they have shown been good.
   */
  configure(config: AccessControlConfig): (identity: Identity, action: Action, channel: Channel) => boolean {
    this.generation++
    const before = this.settings
    this.settings = this.use(makeAccessSettings(config, this.options, before))
    // Somebody may be connected by a key of theirs, so that is not left until the first token comes.
    for (const [url, jwks] of this.settings.jwksByUrl) if (!before.jwksByUrl.has(url)) void jwks.refresh()
    return (identity, action, channel) => this.decideBy(before, identity, action, channel, null).allowed
  }

  /** Asks for public keys that were fetched a while ago: what was withdrawn must go, also where nobody shows a token. */
  refreshOldKeys(): void {
    for (const jwks of this.settings.jwksByUrl.values()) jwks.refreshIfOld()
  }

  /** Whether anybody can be told from anybody. */
  get hasCredentials(): boolean {
    return this.settings.hasCredentials
  }

  /** Whether tokens are checked here at all. */
  get hasTokens(): boolean {
    return this.settings.verifier !== null
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

  get proxies(): TrustedProxies {
    return this.settings.proxies
  }

  get origins(): Origins {
    return this.settings.credentialSources.origins
  }

  identify(asked: RequestHead): MaybePromise<Identity> {
    if (!this.settings.hasCredentials) return anyone
    const credential = credentialIn(asked, this.settings.credentialSources)
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

  may(identity: Identity, action: Action, channel: Channel): void {
    this.checkName(channel)
    if (!this.settings.enforced) return
    const { who } = permissionOf(this.settings, action, channel)
    if (who === "anyone" && identity.kind === "anyone") return
    const decision = this.decide(identity, action, channel)
    if (!decision.allowed) throw new LabaError(decision.code ?? "forbidden", decision.detail)
  }

  /** Whether a name is a channel's under this configuration. Throws `bad_channel`. */
  checkName(channel: Channel): void {
    checkNotReserved(channel, this.settings.reservedPaths)
  }

  decide(identity: Identity, action: Action, channel: Channel): Decision {
    return this.decideBy(this.settings, identity, action, channel, this.whyNoLongerValid(identity))
  }

  whyNoLongerValid(identity: Identity): LabaError | null {
    const { keys, verifier } = this.settings
    return whyNoLongerValid(identity, {
      keys,
      verifier,
      revocations: this.revocations,
      nowMs: this.options.now(),
    })
  }

  /** Throws what `whyNoLongerValid` says. */
  check(identity: Identity): void {
    const objection = this.whyNoLongerValid(identity)
    if (objection) throw objection
  }

  /** A key's scopes as they are configured now. Throws `unauthorized` for one that is not. */
  scopesOf(key: KeyIdentity): KeyIdentity["scopes"] {
    const current = this.settings.keys.current(key)
    if (current) return current.scopes
    throw this.whyNoLongerValid(key) as LabaError
  }

  private decideBy(
    settings: AccessSettings,
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

  private use(settings: AccessSettings): AccessSettings {
    this.revocations.lifetimeMaxMs = settings.lifetimeMaxMs
    return settings
  }

  private stillGood(identity: TokenIdentity): TokenIdentity {
    this.check(identity)
    return identity
  }
}
