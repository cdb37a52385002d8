// The tools of a demo over HTTP, beside the shop's own addresses and unknown to them: in a shop that was not started as a demo they do
// not exist. They are its operator's.
import { z } from "zod"
import { answer, Problem, problemResponse } from "../../kit/http/problem.ts"
import { bodyOf } from "../http/body.ts"
import { pathOf } from "../http/path.ts"
import { requireOperator } from "../http/visitors.ts"
import { crowdSettingsSchema } from "./crowd-settings.ts"
import type { DemoTools } from "./demo-tools.ts"
import { weatherSchema } from "./simulated-trades.ts"

interface DemoRoutesOptions {
  readonly tools: DemoTools
  readonly operatorKey: string
  readonly publicUrl: string | undefined
  /** Whether buyers log in by name: a crowd does. */
  readonly hasDemoLogin: boolean
}

type Answering = (request: Request) => Promise<Response>

/** Where the tools are. */
const root = "/api/demo"

const sentSchema = crowdSettingsSchema.extend({ sale: z.string().min(1) })

/** Answers what is asked of a demo; null for everything else. */
export function demoRoutes({ tools, operatorKey, publicUrl, hasDemoLogin }: DemoRoutesOptions) {
  const routes: Readonly<Record<string, Answering>> = {
    // What there is to try with, and how the crowd is doing.
    [`GET ${root}`]: async () =>
      answer({ bornAt: tools.bornAt, weather: await tools.weather({}), crowd: tools.progress }),
    async [`POST ${root}/crowd`](request) {
      if (!hasDemoLogin) throw new Problem(409, "own_login", "A crowd needs the login by name.")
      const { sale, ...settings } = parsed(sentSchema, await bodyOf(request), "bad_crowd")
      if (!(await tools.hasSale(sale))) throw new Problem(404, "not_found", "There is no such sale.")
      if (!tools.send(sale, settings))
        throw new Problem(409, "crowd_busy", "The last crowd is still on its way.")
      return answer(settings, 202)
    },
    // The crowd tells of itself.
    async [`PUT ${root}/crowd`](request) {
      if (!tools.note(await bodyOf(request)))
        throw new Problem(400, "bad_progress", "This is not what a crowd tells of itself.")
      return answer({ received: true })
    },
    async [`PUT ${root}/weather`](request) {
      const change = parsed(weatherSchema.partial(), await bodyOf(request), "bad_weather")
      const weather = await tools.weather(change as Partial<z.output<typeof weatherSchema>>)
      if (weather === null) throw new Problem(503, "no_weather", "The payment provider has no weather.")
      return answer(weather)
    },
    // The process dies as by `kill -9`, a moment after this answer.
    async [`POST ${root}/kill`]() {
      tools.die()
      return answer({ dies: true }, 202)
    },
  }
  return (request: Request): Promise<Response> | null => {
    const path = pathOf(request.url)
    if (path !== root && !path.startsWith(`${root}/`)) return null
    return answered(async () => {
      requireOperator({ operatorKey, publicUrl }, request)
      const route = routes[`${request.method} ${path}`]
      if (!route) throw new Problem(404, "not_found", "There is nothing here.")
      return route(request)
    })
  }
}

async function answered(work: () => Promise<Response>): Promise<Response> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Problem) return problemResponse(error)
    throw error
  }
}

function parsed<T>(schema: z.ZodType<T>, body: unknown, code: string): T {
  const given = schema.safeParse(body)
  if (!given.success) throw new Problem(400, code, z.prettifyError(given.error))
  return given.data
}
