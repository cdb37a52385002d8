// The pretend provider over HTTP, with a page to pay at: for what the simulator never does, because it keeps its word.
import { signatureHeader } from "../payments/http-provider.ts"
import { payPage } from "../demo/pay-page.ts"
import { signatureOf } from "../payments/signed-body.ts"
import { PretendProvider } from "./pretend-provider.ts"

export interface PretendProviderServer extends AsyncDisposable {
  readonly url: string
  readonly provider: PretendProvider
  /** Trades of whose payments nobody is told. */
  readonly untold: Set<string>
  /** Trades that it knows nothing of when it is looked at them: then only closing tells. */
  readonly unseen: Set<string>
  /** Whoever closes this trade waits until what is answered is called. */
  holdClose(reference: string): () => void
}

/** A reference without its mark: tests name trades by their orders. */
const orderOf = (reference: string): string => reference.split(".").slice(0, 2).join(".")

export function startPretendProvider(secret: string): PretendProviderServer {
  const provider = new PretendProvider()
  let callbackUrl = ""
  const untold = new Set<string>()
  const unseen = new Set<string>()
  const held = new Map<string, Promise<void>>()
  const tell = async (): Promise<void> => {
    for (const callback of provider.callbacks.splice(0)) {
      if (untold.has(orderOf(callback.reference))) continue
      const body = JSON.stringify(callback)
      const answer = await fetch(callbackUrl, {
        method: "POST",
        headers: { [signatureHeader]: signatureOf(secret, Date.now(), body) },
        body,
      })
      await answer.body?.cancel()
    }
  }
  const server: Bun.Server<undefined> = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request): Promise<Response> {
      const { pathname } = new URL(request.url)
      const reference = decodeURIComponent(/^\/pay\/([^/]+)$/.exec(pathname)?.[1] ?? "")
      if (reference !== "") {
        if (request.method === "GET") return payPage(provider.trades.get(reference) ?? null)
        if (!provider.pay(reference))
          return Response.json({ detail: "The trade was closed." }, { status: 409 })
        await tell()
        return Response.json({ paid: reference })
      }
      const body = (await request.json()) as Record<string, never>
      if (pathname === "/trades") {
        callbackUrl = body["callback"] ?? ""
        await provider.open(body as never)
        return Response.json({
          payUrl: `${server.url.origin}/pay/${encodeURIComponent(body["reference"] ?? "")}`,
        })
      }
      const asked = body["reference"] ?? ""
      if (pathname === "/trades/look" && !unseen.has(orderOf(asked)))
        return Response.json(await provider.look(asked))
      if (pathname === "/trades/close") {
        await held.get(orderOf(asked))
        return Response.json(await provider.close(asked))
      }
      if (pathname === "/refunds") {
        await provider.refund(body["payment"] ?? "")
        return Response.json({})
      }
      return new Response(null, { status: 404 })
    },
  })
  return {
    url: server.url.origin,
    provider,
    untold,
    unseen,
    holdClose(reference) {
      const { promise, resolve } = Promise.withResolvers<void>()
      held.set(reference, promise)
      return resolve
    },
    async [Symbol.asyncDispose]() {
      await server.stop(true)
    },
  }
}
