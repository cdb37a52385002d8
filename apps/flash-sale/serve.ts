// The shop as it is started from the command line: what is not given is started beside it.
import { join } from "node:path"
import { randomBytes } from "node:crypto"
import { makePrivateFolder } from "../kit/command/private-folder.ts"
import { addressIn, ifGiven, UsageError } from "../kit/command/command-line.ts"
import { requireHttpsFromHttps } from "../kit/command/https-from-https.ts"
import { keptPort } from "../kit/command/kept-port.ts"
import { requireSecret, secretIn } from "../kit/command/secret.ts"
import { demoRoutes } from "./demo/demo-routes.ts"
import { DemoTools } from "./demo/demo-tools.ts"
import { openingSale } from "./demo/opening-sale.ts"
import type { ShopTokensOptions } from "./http/shop-tokens.ts"
import { startSimulator } from "./demo/simulator.ts"
import { openLogin, openPayments, refuseOpenByAccident } from "./open-by-accident.ts"
import { type RunningShop, startShop } from "./server.ts"

interface ServeOptions {
  readonly directory: string
  readonly host: string
  readonly port: number
  /** Default: where it was at the last start on the directory. */
  readonly labaPort: number | undefined
  readonly laba: string | undefined
  readonly labaEngine: string | undefined
  readonly payments: string | undefined
  /** Of the simulator. Default: where it was at the last start on the directory. */
  readonly paymentsPort: number | undefined
  readonly publicUrl: string | undefined
  /** Where browsers find Laba and the simulator, behind a proxy. */
  readonly publicLaba: string | undefined
  readonly publicPayments: string | undefined
  /** Others may reach it although anybody can log in as anybody, or pay without money. */
  readonly open: boolean
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
  readonly demo: boolean
}

interface ServedShop extends RunningShop {
  readonly paymentsUrl: string
}

/** Where a Laba and a payment simulator of its own are at first. */
export const ownPorts = { laba: 8095, payments: 8096 } as const

/** Throws `UsageError` when a setting is given without the secret that belongs to it. */
export async function serveShop(options: ServeOptions): Promise<ServedShop> {
  const { directory, host, port, verifySeconds, keepDays, frontThreads, warmUp } = options
  for (const flag of ["laba", "payments", "webhook"] as const)
    if (options[flag] !== undefined) addressIn(flag, options[flag])
  const publicUrl = publicAddressIn("public-url", options.publicUrl)
  const publicLaba = publicAddressIn("public-laba", options.publicLaba)
  const publicPayments = publicAddressIn("public-payments", options.publicPayments)
  requireHttpsFromHttps({ publicUrl, flag: "public-laba", url: publicLaba ?? options.laba })
  requireHttpsFromHttps({ publicUrl, flag: "public-payments", url: publicPayments ?? options.payments })
  const jwt = tokensOf(options)
  refuseOpenByAccident(options, [
    options.payments === undefined && openPayments,
    jwt === undefined && openLogin,
  ])
  makePrivateFolder(directory)
  const ownSecret = secretIn("FLASH_SALE_PAYMENT_SECRET") ?? randomBytes(32).toString("hex")
  const simulator =
    options.payments === undefined
      ? startSimulator({
          host,
          port:
            options.paymentsPort ??
            keptPort({ folder: directory, name: "payments", host, wish: ownPorts.payments }),
          publicUrl: publicPayments,
          path: join(directory, "payments.sqlite"),
          secret: ownSecret,
        })
      : null
  const payments = simulator
    ? { url: simulator.url, secret: ownSecret }
    : { url: options.payments as string, secret: requireSecret("FLASH_SALE_PAYMENT_SECRET") }
  let tools: DemoTools | null = null
  const demoOf = (place: { readonly url: string; readonly operatorKey: string }) => {
    tools = new DemoTools({ ...place, payments, log: (line) => console.error(line) })
    return { tools, operatorKey: place.operatorKey, publicUrl, hasDemoLogin: jwt === undefined }
  }
  const shop = await startShop({
    directory,
    host,
    port,
    labaPort:
      options.labaPort ??
      (options.laba === undefined
        ? keptPort({ folder: directory, name: "laba", host, wish: ownPorts.laba })
        : undefined),
    verifySeconds,
    keepDays,
    frontThreads,
    addressAttempts: options.addressAttempts,
    addressHeader: options.addressHeader,
    warmUp,
    payments,
    publicUrl,
    publicLaba,
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
    jwt,
    labaEngine: options.labaEngine,
    listenSecret: options.laba === undefined ? undefined : requireSecret("FLASH_SALE_LISTEN_SECRET"),
    operatorKey: secretIn("FLASH_SALE_OPERATOR_KEY"),
    beside: options.demo ? (place) => demoRoutes(demoOf(place)) : undefined,
  })
  if (options.demo) await openingSale(shop)
  return {
    ...shop,
    paymentsUrl: payments.url,
    async close() {
      tools?.stop()
      await shop.close()
      await simulator?.close()
    },
  }
}

const publicAddressIn = (flag: string, text: string | undefined): string | undefined =>
  ifGiven(addressIn, flag, text)?.replace(/\/+$/, "")

/** The shop's own login; undefined when it has none. Throws `UsageError` for half of one. */
function tokensOf({
  jwtIssuer: issuer,
  jwtAudience: audience,
  jwks,
}: ServeOptions): ShopTokensOptions | undefined {
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
