// What of a scene is on the big display, how it glows, and which buttons go with it. Tables; no DOM.
import { clockTime, count, countdown } from "../figures.ts"
import { type Bilingual, localize } from "../../../kit/browser/language.ts"
import type { Standing } from "../views.ts"
import type { Facts, Scene, SceneName } from "./scene.ts"
import { fill, phrases } from "./words.ts"

type Tone = "calm" | "lit" | "good" | "over"

const tones: Partial<Record<SceneName, Tone>> = {
  loading: "calm",
  countdown: "lit",
  lobby: "lit",
  open: "lit",
  entering: "lit",
  knocking: "lit",
  drawing: "lit",
  queued: "lit",
  waitlisted: "lit",
  settling: "lit",
  won: "good",
  offered: "good",
  paid: "good",
}

export const toneOf = (name: SceneName): Tone => tones[name] ?? "over"

const sumOf = (standing: Standing | null, name: "total" | "available"): number =>
  standing?.items.reduce((sum, item) => sum + item[name], 0) ?? 0

const ofTotal = ({ standing }: Facts): string =>
  fill(localize(phrases.of), { total: count(sumOf(standing, "total")) })

/** Big, and small below it. */
type Board = readonly [big: string, below: string]

/** Scenes without a countdown that have something to show. */
const boards: Partial<Record<SceneName, (scene: Scene, facts: Facts) => Board>> = {
  open: (_, facts) => [count(sumOf(facts.standing, "available")), ofTotal(facts)],
  queued: ({ position }) => [position === null ? "··" : count(position), ""],
  waitlisted: (_, { standing }) => [count(Math.max(1, standing?.waitlisted ?? 0)), ""],
  settling: () => ["00:00", ""],
  unpaid: () => ["00:00", ""],
  paid: () => ["✓", ""],
  gone: (_, facts) => ["0", ofTotal(facts)],
  lost: (_, facts) => ["0", ofTotal(facts)],
  refunding: () => ["↩", ""],
  refunded: () => ["↩", ""],
  loading: () => ["···", ""],
  entering: () => ["···", ""],
}

export function boardOf(scene: Scene, facts: Facts): Board {
  if (scene.until === null) return boards[scene.name]?.(scene, facts) ?? ["—", ""]
  return [countdown(scene.until - facts.now), scene.name === "countdown" ? clockTime(scene.until) : ""]
}

type Buttons = readonly [main: Bilingual | null, beside: Bilingual | null]

const inLine: Buttons = [null, phrases.leave]

const buttons: Partial<Record<SceneName, Buttons>> = {
  // To be seen before it can be pressed.
  countdown: [phrases.buy, null],
  lobby: [phrases.standInLine, null],
  open: [phrases.buy, null],
  knocking: [null, phrases.stop],
  drawing: inLine,
  queued: inLine,
  waitlisted: inLine,
  won: [phrases.pay, phrases.giveBack],
  offered: [phrases.pay, phrases.giveBack],
}

/** The one to press, and the one beside it. */
export function buttonsOf({ name, mayEnter }: Scene, isPaying: boolean): Buttons {
  const [main, beside] = buttons[name] ?? [mayEnter ? phrases.again : null, null]
  return [isPaying && main === phrases.pay ? phrases.payAgain : main, beside]
}
