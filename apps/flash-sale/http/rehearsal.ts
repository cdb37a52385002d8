// The operator's tools for trying a sale out, over HTTP. In a shop that was not started for that they do not exist.
import { z } from "zod"
import { crowdSettingsSchema } from "../demo/crowd-settings.ts"
import type { DemoTools } from "../demo/demo-tools.ts"
import { answer, Problem } from "./answers.ts"
import { bodyOf } from "./body.ts"
import { saleOf } from "./buyer.ts"
import type { Endpoint, Shop } from "./shop.ts"

function rehearsalOf(shop: Shop): DemoTools {
  if (!shop.rehearsal) throw new Problem(404, "no_rehearsal", "This shop was not started to be tried out.")
  return shop.rehearsal
}

/** What is there to try with, and how the crowd is doing. */
export const showRehearsal: Endpoint = async (shop) => {
  const rehearsal = rehearsalOf(shop)
  const { bornAt, progress } = rehearsal
  return answer({ bornAt, weather: await rehearsal.weather({}), crowd: progress })
}

export const sendCrowd: Endpoint = async (shop, ask) => {
  const rehearsal = rehearsalOf(shop)
  const sale = saleOf(shop, ask)
  if (!shop.demo) throw new Problem(409, "own_login", "A crowd needs the login by name.")
  const wish = crowdSettingsSchema.safeParse(await bodyOf(ask.request))
  if (!wish.success) throw new Problem(400, "bad_crowd", z.prettifyError(wish.error))
  if (!rehearsal.send(sale.id, wish.data))
    throw new Problem(409, "crowd_busy", "The last crowd is still on its way.")
  return answer(wish.data, 202)
}

/** The crowd tells of itself. */
export const noteCrowd: Endpoint = async (shop, ask) => {
  const rehearsal = rehearsalOf(shop)
  if (!rehearsal.note(await bodyOf(ask.request)))
    throw new Problem(400, "bad_progress", "This is not what a crowd tells of itself.")
  return answer({ received: true })
}

const weatherSchema = z.strictObject({
  delayMsMax: z.number().min(0).max(600_000).optional(),
  doubled: z.number().min(0).max(1).optional(),
  lost: z.number().min(0).max(1).optional(),
  declined: z.number().min(0).max(1).optional(),
  reordered: z.number().min(0).max(1).optional(),
})

export const changeWeather: Endpoint = async (shop, ask) => {
  const rehearsal = rehearsalOf(shop)
  const given = weatherSchema.safeParse(await bodyOf(ask.request))
  if (!given.success) throw new Problem(400, "bad_weather", z.prettifyError(given.error))
  const change = Object.fromEntries(Object.entries(given.data).filter(([, value]) => value !== undefined))
  const weather = await rehearsal.weather(change)
  if (weather === null) throw new Problem(503, "no_weather", "The payment provider has no weather.")
  return answer(weather)
}

/** The process dies as by `kill -9`, a moment after this answer. */
export const killShop: Endpoint = (shop) => {
  rehearsalOf(shop).die()
  return answer({ dies: true }, 202)
}
