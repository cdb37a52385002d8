// What of a scene is on the big display, how it glows, and which buttons go with it. Tables; no DOM.
import { count, countdown, startTime } from "../figures.ts"
import { type Bilingual, localize } from "../../../kit/browser/language.ts"
import { standingOf } from "./chosen-item.ts"
import type { Facts, Scene, SceneName } from "./scene.ts"
import { fill, phrases, sceneWords } from "./words.ts"

type Tone = "calm" | "lit" | "good" | "over"

const tones: Partial<Record<SceneName, Tone>> = {
  loading: "calm",
  countdown: "lit",
  lobby: "lit",
  open: "lit",
  held: "lit",
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

/** Units of the item that a scene is about, or of all where it is about none. */
export function unitsOf(
  { item }: Scene,
  { standing }: Facts,
): { readonly available: number; readonly total: number } {
  const counted = (standing?.items ?? []).filter(({ id }) => item === null || id === item)
  const sum = (name: "total" | "available"): number => counted.reduce((all, one) => all + one[name], 0)
  return { available: sum("available"), total: sum("total") }
}

const ofTotal = (scene: Scene, facts: Facts): string =>
  fill(localize(phrases.of), { total: count(unitsOf(scene, facts).total) })

/** Big, and small below it. */
type Board = readonly [big: string, below: string]

/** Scenes without a countdown that have something to show. */
const boards: Partial<Record<SceneName, (scene: Scene, facts: Facts) => Board>> = {
  open: (scene, facts) => [count(unitsOf(scene, facts).available), ofTotal(scene, facts)],
  held: (scene, facts) => ["0", ofTotal(scene, facts)],
  // At place 0 the turn has come, and its result is on its way.
  queued: ({ position }) => [position ? count(position) : "··", ""],
  waitlisted: ({ position }) => [position ? count(position) : "··", ""],
  settling: () => ["00:00", ""],
  unpaid: () => ["00:00", ""],
  paid: () => ["✓", ""],
  gone: (scene, facts) => ["0", ofTotal(scene, facts)],
  lost: () => ["0", ""],
  refunding: () => ["↩", ""],
  refunded: () => ["↩", ""],
  loading: () => ["···", ""],
  entering: () => ["···", ""],
}

export function boardOf(scene: Scene, facts: Facts): Board {
  if (scene.until === null) return boards[scene.name]?.(scene, facts) ?? ["—", ""]
  return [
    countdown(scene.until - facts.now),
    scene.name === "countdown" ? startTime(scene.until, facts.now) : "",
  ]
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
export function buttonsOf(scene: Scene, facts: Facts, isPaying: boolean): Buttons {
  const { name, mayEnter, item } = scene
  if (mayEnter && item === null) return [phrases.chooseOne, null]
  if (mayEnter && name !== "lobby" && standingOf(facts, item)?.available === 0)
    return [phrases.waitForOne, null]
  const [main, beside] = buttons[name] ?? [mayEnter ? phrases.again : null, null]
  return [isPaying && main === phrases.pay ? phrases.payAgain : main, beside]
}

/** Whether the one to press can be pressed. */
export const isPressable = ({ name, mayEnter, item }: Scene): boolean =>
  name !== "countdown" && !(mayEnter && item === null)

/** Whether the list of items is shown, for the buyer to choose from: only where there is a choice, and while it matters. */
export const mayChoose = ({ name, mayEnter }: Scene, { sale }: Facts): boolean =>
  (sale?.items.length ?? 0) > 1 && (mayEnter || name === "countdown")

/** What is said of a wait in the queue: how long, and whether a unit may be there at its end. */
export function waitWords(
  { item, position }: Scene,
  { sale, standing }: Facts,
  { etaSeconds, isLate }: { readonly etaSeconds: number | null; readonly isLate: boolean },
): readonly Bilingual[] {
  const wait = isLate ? phrases.late : etaSeconds === null ? phrases.noEta : sceneWords.queued.detail
  const { available = 1, gone = false } = standingOf({ standing }, item) ?? {}
  if (gone) return [wait]
  if (available === 0) return [wait, phrases.allHeld]
  // Of several items nobody knows which one those before want.
  const isFew = sale?.items.length === 1 && position !== null && position > available
  return isFew ? [wait, phrases.fewLeft] : [wait]
}
