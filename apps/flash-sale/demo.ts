// The shop as it is started from the command line: what is not given is started beside it.
import { join } from "node:path"
import { randomBytes } from "node:crypto"
import { makePrivateFolder } from "../kit/command/private-folder.ts"
import { addressIn, UsageError } from "../kit/command/command-line.ts"
import { requireSecret, secretIn } from "../kit/command/secret.ts"
import { openingSale } from "./rehearsal/opening-sale.ts"
import type { ShopTokensOptions } from "./http/shop-tokens.ts"
import { startSimulator } from "./payments/simulator.ts"
import { type RunningShop, startShop } from "./server.ts"

interface DemoOptions {
  readonly directory: string
  readonly host: string
  readonly port: number
  readonly labaPort: number
  readonly laba: string | undefined
  readonly labaEngine: string | undefined
  readonly payments: string | undefined
  readonly publicUrl: string | undefined
  readonly webhook: string | undefined
  readonly jwtIssuer: string | undefined
  readonly jwtAudience: string | undefined
  readonly jwks: string | undefined
  readonly verifySeconds: number
  readonly keepDays: number
  readonly frontThreads: number
  readonly addressAttempts: number
  readonly addressHeader: string | undefined
  readonly warmUp: boolean
  /** For trying it out: the operator gets tools that a real shop must not have, and a sale is about to open. */
  readonly rehearsal: boolean
}

interface DemoShop extends RunningShop {
  readonly paymentsUrl: string
}

/** Throws `UsageError` when a setting is given without the secret that belongs to it. */
export async function demoShop(options: DemoOptions): Promise<DemoShop> {
  const { directory, host, port, labaPort, verifySeconds, keepDays, frontThreads, warmUp } = options
  for (const flag of ["laba", "payments", "webhook"] as const)
    if (options[flag] !== undefined) addressIn(flag, options[flag])
  if (options.publicUrl !== undefined) addressIn("public-url", options.publicUrl)
  makePrivateFolder(directory)
  const ownSecret = secretIn("FLASH_SALE_PAYMENT_SECRET") ?? randomBytes(32).toString("hex")
  const simulator =
    options.payments === undefined
      ? startSimulator({ host, path: join(directory, "payments.sqlite"), secret: ownSecret })
      : null
  const payments = simulator
    ? { url: simulator.url, secret: ownSecret }
    : { url: options.payments as string, secret: requireSecret("FLASH_SALE_PAYMENT_SECRET") }
  const shop = await startShop({
    directory,
    host,
    port,
    labaPort,
    verifySeconds,
    keepDays,
    frontThreads,
    addressAttempts: options.addressAttempts,
    addressHeader: options.addressHeader,
    warmUp,
    payments,
    publicUrl: options.publicUrl?.replace(/\/+$/, ""),
    laba:
      options.laba === undefined
        ? undefined
        : {
            url: options.laba,
            key: secretIn("FLASH_SALE_LABA_KEY"),
            hookSecret: secretIn("FLASH_SALE_HOOK_SECRET"),
          },
    webhook:
      options.webhook === undefined
        ? undefined
        : { url: options.webhook, secret: requireSecret("FLASH_SALE_WEBHOOK_SECRET") },
    jwt: tokensOf(options),
    labaEngine: options.labaEngine,
    listenSecret: options.laba === undefined ? undefined : requireSecret("FLASH_SALE_LISTEN_SECRET"),
    operatorKey: secretIn("FLASH_SALE_OPERATOR_KEY"),
    rehearsal: options.rehearsal,
  })
  if (options.rehearsal) await openingSale(shop)
  return {
    ...shop,
    paymentsUrl: payments.url,
    async close() {
      await shop.close()
      await simulator?.close()
    },
  }
}

/** The shop's own login; undefined when it has none. Throws `UsageError` for half of one. */
function tokensOf({
  jwtIssuer: issuer,
  jwtAudience: audience,
  jwks,
}: DemoOptions): ShopTokensOptions | undefined {
  if (issuer === undefined && audience === undefined && jwks === undefined) return undefined
  if (issuer === undefined || audience === undefined)
    throw new UsageError(
      "tokens need both --jwt-issuer and --jwt-audience, or any that the shop signs would log in",
    )
  const names = ["FLASH_SALE_JWT_KEY", "FLASH_SALE_JWT_KEY_BEFORE"]
  const keys = names.flatMap((name) => secretIn(name) ?? [])
  if (keys.length === 0 && jwks === undefined) throw new UsageError("set FLASH_SALE_JWT_KEY, or give --jwks")
  return { issuer, audience, keys, jwks }
}
