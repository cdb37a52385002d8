// What the server shows to people: the landing page and what it loads.
import { clientFiles } from "./client-files.ts"
import type { Demos } from "./landing/sections/demos.ts"
import type { Endpoint, Methods } from "../http/endpoint.ts"
import { landingAssets, landingPage, landingPolicy } from "./landing/landing.ts"

interface PagesOptions {
  readonly version: string
  /** Where the server is reached, by the port that it listens at. */
  readonly addressAt: (port: number) => string
  readonly demos: Demos
}

const safeHeaders = { "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer" } as const

export function pages({ version, addressAt, demos }: PagesOptions): Map<string, Methods> {
  const addresses = new Map<string, Methods>(clientFiles())
  let html: string | null = null
  addresses.set(
    "/",
    reading((_context, { server }) => {
      html ??= landingPage({ version, address: addressAt(server.port as number), demos }).html
      return new Response(html, {
        headers: {
          ...safeHeaders,
          "Content-Type": "text/html; charset=utf-8",
          "Content-Security-Policy": landingPolicy,
        },
      })
    }),
  )
  for (const [path, { type, body, policy = landingPolicy }] of Object.entries(landingAssets)) {
    const headers = {
      ...safeHeaders,
      "Content-Type": type,
      "Cache-Control": "no-cache",
      "Content-Security-Policy": policy,
    }
    addresses.set(
      path,
      reading(() => new Response(body, { headers })),
    )
  }
  return addresses
}

const reading = (endpoint: Endpoint): Methods => ({ GET: endpoint, HEAD: endpoint })
