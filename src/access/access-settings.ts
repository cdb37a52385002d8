// What follows from one configuration: made once, read at each question that access control is asked.
import type { Action, Channel, Permissions, Rule, Who } from "../channels/channel.ts"
import { parsePattern } from "../channels/pattern.ts"
import type { Rules } from "../channels/rules.ts"
import { type AccessConfig, hasCredentials, type IssuerConfig } from "./access-config.ts"
import { TrustedProxies } from "./origins/client-address.ts"
import type { CredentialSources } from "./credentials/credential-in-request.ts"
import { Jwks } from "./tokens/jwks.ts"
import { Keys } from "./credentials/keys.ts"
import { isLoopbackAddress } from "./origins/loopback-guard.ts"
import { Origins } from "./origins/origins.ts"
import { type DefaultPermissions, defaultPermissions, isAboutUsers } from "./rules/permissions.ts"
import { type Issuer, TokenVerifier } from "./tokens/token-verifier.ts"
import { isOwned } from "./rules/own-channels.ts"
import {
  fixedKeys,
  pemKey,
  secretKey,
  type VerificationKey,
  type VerificationKeys,
} from "./tokens/verification-key.ts"

export interface AccessControlConfig {
  readonly access: AccessConfig
  readonly rules: Rules
  readonly open: boolean
  readonly reservedPaths: readonly string[]
  readonly listen: { readonly host: string }
}

export interface AccessSettings {
  readonly rules: Rules
  /** With everything below them no channels. */
  readonly reservedPaths: readonly string[]
  readonly enforced: boolean
  readonly hasCredentials: boolean
  readonly guardsLoopback: boolean
  readonly isLocal: boolean
  readonly proxies: TrustedProxies
  readonly keys: Keys
  readonly verifier: TokenVerifier | null
  /** The public keys that are fetched, by address. */
  readonly jwksByUrl: ReadonlyMap<string, Jwks>
  /** The longest time that a token is good, as clocks may differ at both of its ends and at a revocation. 0 without tokens. */
  readonly lifetimeMaxMs: number
  readonly credentialSources: CredentialSources
  readonly defaults: DefaultPermissions
  /** Rules that say who may in users' own channels. */
  readonly aboutUsers: ReadonlySet<Rule>
}

export interface AccessSettingsOptions {
  /** Told of each fetch of public keys: null, or why it failed. */
  readonly onFetchKeys?: (url: string, error: unknown) => void
  /** Called when a public key may be gone by which somebody is connected. */
  readonly onWithdrawKeys?: () => void
  readonly now: () => number
}

/** `before`: the settings that these take the place of. */
export function makeAccessSettings(
  { access, rules, open, reservedPaths, listen }: AccessControlConfig,
  options: AccessSettingsOptions,
  before?: AccessSettings,
): AccessSettings {
  const { keys, tokens } = access
  const closed = hasCredentials(access)
  const origins = new Origins({
    allowed: access.origins,
    loopback: !closed && !open,
    cookies: tokens?.cookie !== undefined,
  })
  const jwksByUrl = jwksFor(tokens?.issuers ?? [], options, before?.jwksByUrl)
  const issuers = tokens?.issuers.flatMap((issuer) => issuersOf(issuer, jwksByUrl)) ?? []
  return {
    rules,
    reservedPaths,
    enforced: closed || rules.entries.some(({ permissions }) => isClosed(permissions)),
    hasCredentials: closed,
    guardsLoopback: !closed && !open,
    isLocal: isLoopbackAddress(listen.host) && access.proxies.length === 0,
    proxies: new TrustedProxies(access.proxies),
    keys: new Keys(keys),
    verifier: tokens && new TokenVerifier({ ...tokens, issuers, now: options.now }),
    jwksByUrl,
    lifetimeMaxMs: tokens ? (tokens.lifetimeMaxSeconds + 3 * tokens.leewaySeconds) * 1000 : 0,
    credentialSources: { cookie: tokens?.cookie, inQuery: tokens?.inQuery ?? false, origins },
    defaults: defaultPermissions(closed),
    aboutUsers: new Set(rules.entries.filter(({ pattern }) => isAboutUsers(parsePattern(pattern)))),
  }
}

/** Who may do it in a channel, and the pattern of the rule that says so. */
export function permissionOf(
  { rules, aboutUsers, defaults }: AccessSettings,
  action: Action,
  channel: Channel,
): { readonly who: Who; readonly pattern: string } {
  const rule = rules.for(channel)
  // A user's own channels stay the user's, whatever is said of channels at large.
  if (isOwned(channel) && !aboutUsers.has(rule)) return { who: defaults.own[action], pattern: "/@*/**" }
  return { who: rule.permissions?.[action] ?? "anyone", pattern: rule.pattern }
}

/** A set of keys is kept over a reload: what was fetched is good still, and asking again at once is no use. */
function jwksFor(
  issuers: readonly IssuerConfig[],
  { onFetchKeys, onWithdrawKeys }: AccessSettingsOptions,
  before?: ReadonlyMap<string, Jwks>,
): ReadonlyMap<string, Jwks> {
  const make = (url: string): Jwks =>
    new Jwks({
      url,
      onFetch: (error) => onFetchKeys?.(url, error),
      onWithdraw: () => onWithdrawKeys?.(),
    })
  const urls = new Set(issuers.flatMap(({ jwks }) => jwks ?? []))
  return new Map(Array.from(urls, (url) => [url, before?.get(url) ?? make(url)]))
}

/** The keys at hand and those to be fetched, apart: so the former need not wait for the latter. */
function issuersOf(
  { secrets, publicKeys, jwks, ...issuer }: IssuerConfig,
  jwksByUrl: ReadonlyMap<string, Jwks>,
): Issuer[] {
  const atHand = [...secrets.map((secret) => secretKey(secret)), ...publicKeys.map((pem) => pemKey(pem))]
  const fetched = jwks === undefined ? undefined : jwksByUrl.get(jwks)
  const sources: VerificationKeys[] = []
  if (atHand.length > 0) sources.push(fixedKeys(atHand.filter((key): key is VerificationKey => key !== null)))
  if (fetched) sources.push(fetched)
  return sources.map((keys) => ({ keys, ...issuer }))
}

const isClosed = (permissions: Permissions | undefined): boolean =>
  permissions !== undefined && Object.values(permissions).some((who) => who !== "anyone")
