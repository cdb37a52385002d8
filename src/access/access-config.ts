// What the configuration says about access, checked and with its defaults. Pure shapes.
import type { KeyConfig } from "./credentials/keys.ts"

/** One who issues tokens, as configured. */
export interface IssuerConfig {
  /** Shared secrets, each long enough. */
  readonly secrets: readonly string[]
  /** Public keys in PEM, each usable. */
  readonly publicKeys: readonly string[]
  /** Where its public keys are fetched. */
  readonly jwks: string | undefined
  readonly issuer: string | undefined
  readonly audience: readonly string[] | undefined
  /** Put before each `sub`, so that two issuers' users are not one. */
  readonly userPrefix: string
}

export interface TokensConfig {
  readonly issuers: readonly IssuerConfig[]
  readonly leewaySeconds: number
  readonly lifetimeMaxSeconds: number
  readonly cookie: string | undefined
  readonly inQuery: boolean
}

export interface AccessConfig {
  readonly keys: readonly KeyConfig[]
  /** Null: no tokens are checked here. */
  readonly tokens: TokensConfig | null
  /** Null: no list was configured. */
  readonly origins: readonly string[] | null
  readonly proxies: readonly string[]
}

/** Whether anything is configured by which somebody could be told from anybody. */
export const hasCredentials = ({ keys, tokens }: AccessConfig): boolean => keys.length > 0 || tokens !== null
