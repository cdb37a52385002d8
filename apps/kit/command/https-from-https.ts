// Browsers let a page that came by https reach nothing by http, so what it is told of must be at https too.
import { UsageError } from "./command-line.ts"

interface ReachedByPages {
  /** Where the pages come from. */
  readonly publicUrl: string | undefined
  /** The flag that says where pages find it. */
  readonly flag: string
  /** Where they would find it; undefined is an address of this machine. */
  readonly url: string | undefined
}

/** Throws `UsageError` where pages come by https and what they need does not. */
export function requireHttpsFromHttps({ publicUrl, flag, url }: ReachedByPages): void {
  const isHttps = (text: string | undefined): boolean => text?.startsWith("https:") ?? false
  if (!isHttps(publicUrl) || isHttps(url)) return
  throw new UsageError(
    `--${flag}: pages that come by https reach it by https alone; give the address at which a proxy passes it on`,
  )
}
