// What the kitchen says, over its socket to the desk's function. It is said again until it was heard: an act on a bill is a
// compare-and-set, so twice is as good as once.
import { type Laba, LabaFailure } from "laba/client"
import type { BillRecord } from "../model/bill.ts"
import { element } from "./element.ts"
import { say } from "./language.ts"

interface MouthOptions {
  /** The desk has answered with how a bill stands. */
  readonly said: (bill: BillRecord) => void
  readonly changed: () => void
}

interface Mouth {
  speakOver(laba: Laba, channel: string): void
  /** `about` is what it is about: of one thing only one is said at a time. */
  say(about: string, word: Readonly<Record<string, unknown>>): void
  isSaying(about: string): boolean
  /** The desk does not answer. */
  readonly isTroubled: boolean
}

interface Answer {
  readonly outcome: string
  readonly bill?: BillRecord
}

export function startMouth({ said, changed }: MouthOptions): Mouth {
  let line: { laba: Laba; channel: string } | null = null
  const saying = new Map<string, "first" | "again">()

  const insist = async (about: string, word: unknown): Promise<void> => {
    for (let time = 0; ; time++) {
      if (!line) return
      try {
        await line.laba.publish(line.channel, word)
        return
      } catch (error) {
        // Who is not let in will not be let in by asking again.
        if (error instanceof LabaFailure && ["forbidden", "unauthorized", "closed"].includes(error.code))
          return
        saying.set(about, "again")
        changed()
        await new Promise((resolve) => setTimeout(resolve, Math.min(500 * 2 ** time, 4000)))
      }
    }
  }

  const hear = (text: unknown): void => {
    const answer = readAnswer(text)
    if (!answer?.bill) return
    const { bill, outcome } = answer
    said(bill)
    if (outcome === "not_now") explain(bill)
  }

  return {
    speakOver(laba, channel) {
      line = { laba, channel }
      laba.on("direct", ({ data }) => hear(data))
    },
    say(about, word) {
      if (saying.has(about)) return
      saying.set(about, "first")
      changed()
      void insist(about, word).finally(() => {
        saying.delete(about)
        changed()
      })
    },
    isSaying: (about) => saying.has(about),
    get isTroubled() {
      return [...saying.values()].includes("again")
    },
  }
}

function readAnswer(text: unknown): Answer | null {
  try {
    return JSON.parse(String(text)) as Answer
  } catch {
    return null
  }
}

/** Somebody else was faster: says who, for a moment. */
function explain({ number, state, by }: BillRecord): void {
  const told = element(
    "p",
    { class: "toast", role: "status" },
    by === null
      ? say("notNow", { number, state: say(state) })
      : say("notNowBy", { number, state: say(state), by: say("by", { kitchen: by }) }),
  )
  document.body.append(told)
  setTimeout(() => told.remove(), 4000)
}
