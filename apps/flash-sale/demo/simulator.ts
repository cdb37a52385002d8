// A payment provider to try things with, as an HTTP service of its own: the page that people pay on, and what a shop asks for, signed
// as `docs/guide/flash-sale-payments.md` says.
import { z } from "zod"
import type { AppRequest, Endpoint, Route } from "../../kit/http/app-request.ts"
import { startAppServer } from "../../kit/http/app-server.ts"
import { readJson } from "../../kit/http/json-body.ts"
import { answer, Problem } from "../../kit/http/problem.ts"
import { signatureHeader } from "../payments/http-provider.ts"
import { isSigned } from "../payments/signed-body.ts"
import { payPage } from "./pay-page.ts"
import { openedSchema, SimulatedTrades, type Weather, weatherSchema } from "./simulated-trades.ts"

interface SimulatorOptions {
  readonly host?: string
  readonly port?: number
  /** Where browsers reach it, behind a proxy. Default: where it listens. */
  readonly publicUrl?: string | undefined
  /** A file, or `:memory:`. */
  readonly path: string
  readonly secret: string
  readonly weather?: Partial<Weather>
  /** Chance source, for tests. */
  readonly random?: () => number
  readonly log?: (line: string) => void
}

export interface Simulator {
  readonly url: string
  readonly weather: Weather
  close(): Promise<void>
}

interface Service {
  readonly trades: SimulatedTrades
  readonly secret: string
  /** Where browsers find it. */
  readonly url: string
}

/** What is asked is some hundred bytes. */
const bodyBytesMax = 16_384

const named = z.object({ reference: z.string().min(1) })
const paid = z.object({ payment: z.string().min(1) })

/** For the shop alone, which signs what it asks. */
const signed =
  <T>(form: z.ZodType<T>, work: (service: Service, body: T) => unknown): Endpoint<Service> =>
  async (service, { request }) => {
    const text = await request.text()
    if (!isSigned(service.secret, Date.now(), request.headers.get(signatureHeader), text))
      throw new Problem(401, "unauthorized", "The signature is wrong.")
    const body = form.safeParse(readJson(text))
    if (!body.success) throw new Problem(400, "bad_body", z.prettifyError(body.error))
    return answer(work(service, body.data))
  }

/** The trade that a page is about. Throws a `Problem` for what is no name. */
function referenceIn({ params: { reference = "" } }: AppRequest): string {
  try {
    return decodeURIComponent(reference)
  } catch {
    throw new Problem(404, "not_found", "There is no such trade.")
  }
}

const routes: readonly Route<Service>[] = [
  {
    method: "GET",
    path: "/pay/{reference}",
    endpoint: ({ trades }, request) => payPage(trades.find(referenceIn(request))),
  },
  {
    method: "POST",
    path: "/pay/{reference}",
    endpoint: ({ trades }, request) => answer({ payment: trades.pay(referenceIn(request)) }),
  },
  {
    method: "POST",
    path: "/trades",
    callers: "service",
    endpoint: signed(openedSchema, ({ trades, url }, asked) => {
      trades.open(asked)
      return { payUrl: `${url}/pay/${encodeURIComponent(asked.reference)}` }
    }),
  },
  {
    method: "POST",
    path: "/trades/look",
    callers: "service",
    endpoint: signed(named, ({ trades }, { reference }) => trades.look(reference)),
  },
  {
    method: "POST",
    path: "/trades/close",
    callers: "service",
    endpoint: signed(named, ({ trades }, { reference }) => trades.close(reference)),
  },
  {
    method: "POST",
    path: "/refunds",
    callers: "service",
    endpoint: signed(paid, ({ trades }, { payment }) => {
      trades.refund(payment)
      return { refunded: payment }
    }),
  },
  {
    method: "POST",
    path: "/weather",
    callers: "service",
    endpoint: signed(weatherSchema.partial(), ({ trades }, change) => Object.assign(trades.weather, change)),
  },
]

export function startSimulator(options: SimulatorOptions): Simulator {
  const { host = "127.0.0.1", port = 0, publicUrl, secret, log = (line) => console.error(line) } = options
  const trades = new SimulatedTrades(options)
  let service: Service | null = null
  const server = startAppServer<Service>({
    name: "payments",
    host,
    port,
    publicUrl,
    bodyBytesMax,
    routes,
    pageAt: () => null,
    context: () => service,
    log,
  })
  service = { trades, secret, url: publicUrl ?? server.url }
  return {
    url: server.url,
    weather: trades.weather,
    async close() {
      await server.stop(true)
      trades.stop()
    },
  }
}
