// What the kitchen says, over its socket to the desk's function. It is said again until it was heard: an act on a bill is a
// compare-and-set, so twice is as good as once.
import { type Laba, LabaFailure } from "laba/client"
import { element } from "../../../kit/browser/elements.ts"
import type { BillRecord } from "../../model/bill.ts"
import { translate } from "../language.ts"

interface CommandSenderOptions {
  /** The desk has answered with how a bill stands. */
  readonly said: (bill: BillRecord) => void
  readonly changed: () => void
}

interface CommandSender {
  sendOver(laba: Laba, channel: string): void
  /** `about` is what it is about: of one thing only one is sent at a time. */
  send(about: string, command: Readonly<Record<string, unknown>>): void
  isSending(about: string): boolean
  /** The desk does not answer. */
  readonly isTroubled: boolean
}

interface Answer {
  readonly outcome: string
  readonly bill?: BillRecord
}

export function startCommandSender({ said, changed }: CommandSenderOptions): CommandSender {
  let connection: { laba: Laba; channel: string } | null = null
  const sending = new Map<string, "first" | "again">()

  const sendUntilHeard = async (about: string, command: unknown): Promise<void> => {
    for (let time = 0; ; time++) {
      if (!connection) return
      try {
        await connection.laba.publish(connection.channel, command)
        return
      } catch (error) {
        // Who is not let in will not be let in by asking again.
        if (error instanceof LabaFailure && ["forbidden", "unauthorized", "closed"].includes(error.code))
          return
        sending.set(about, "again")
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
    sendOver(laba, channel) {
      connection = { laba, channel }
      laba.on("direct", ({ data }) => hear(data))
    },
    send(about, command) {
      if (sending.has(about)) return
      sending.set(about, "first")
      changed()
      void sendUntilHeard(about, command).finally(() => {
        sending.delete(about)
        changed()
      })
    },
    isSending: (about) => sending.has(about),
    get isTroubled() {
      return [...sending.values()].includes("again")
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
      ? translate("notNow", { number, state: translate(state) })
      : translate("notNowBy", { number, state: translate(state), by: translate("by", { kitchen: by }) }),
  )
  document.body.append(told)
  setTimeout(() => told.remove(), 4000)
}
