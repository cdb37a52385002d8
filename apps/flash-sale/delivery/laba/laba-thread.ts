// The other end of `laba-beside.ts`: runs Laba, publishes what comes in batches, asks the shop about visitors and tells it
// who listens. Knows nothing of sales.
import type { ClientMessage, Verdict, Welcome } from "laba"
import { labaHere, type LabaHereOptions } from "./laba-here.ts"
import type { LabaPublisher } from "./laba-publisher.ts"
import type { LabaVisitor } from "./visitors.ts"

/** What the shop's thread says. */
export type ToThread =
  | { readonly kind: "start"; readonly options: Omit<LabaHereOptions, "hooks"> }
  /** Channels and what is published there, by turns: strings cross threads for next to nothing. */
  | { readonly kind: "publish"; readonly batch: number; readonly texts: readonly string[] }
  | { readonly kind: "answer"; readonly id: number; readonly answer: Welcome | Verdict | undefined }
  | { readonly kind: "answer"; readonly id: number; readonly failed: string }
  | { readonly kind: "close" }

/** What this thread says. */
export type FromThread =
  | { readonly kind: "started"; readonly url: string }
  | { readonly kind: "notStarted"; readonly why: string }
  /** A batch has been published, but for those. */
  | {
      readonly kind: "settled"
      readonly batch: number
      readonly failures: readonly (readonly [at: number, why: string])[]
    }
  | { readonly kind: "connect"; readonly id: number; readonly visitor: LabaVisitor }
  | { readonly kind: "message"; readonly id: number; readonly message: ClientMessage }
  /** Users' channels that are heard now, `+` before the name, and those that are not any more, `-` before it; in order. */
  | { readonly kind: "listening"; readonly changes: readonly string[] }
  | { readonly kind: "closed" }

declare const self: Worker

const say = (message: FromThread): void => self.postMessage(message)

let laba: LabaPublisher | null = null
let asked = 0
const asking = new Map<number, PromiseWithResolvers<Welcome | Verdict | undefined>>()

/** Asks the shop, and waits for its answer. */
function ask<Answer extends Welcome | Verdict>(
  question: (id: number) => FromThread,
): Promise<Answer | undefined> {
  const waiting = Promise.withResolvers<Welcome | Verdict | undefined>()
  asking.set(++asked, waiting)
  say(question(asked))
  return waiting.promise as Promise<Answer | undefined>
}

let changes: string[] = []

/** All that changes in one turn of the loop crosses together: a crowd that comes back is thousands at once. */
function listening(change: string): void {
  // Not a microtask: each connection that opens has those of its own.
  if (changes.length === 0) setImmediate(tellChanges)
  changes.push(change)
}

function tellChanges(): void {
  if (changes.length > 0) say({ kind: "listening", changes })
  changes = []
}

async function start(options: Omit<LabaHereOptions, "hooks">): Promise<void> {
  try {
    laba = await labaHere({
      ...options,
      hooks: {
        onConnect: (visitor) => ask<Welcome>((id) => ({ kind: "connect", id, visitor })),
        onMessage: async (message) =>
          (await ask<Verdict>((id) => ({ kind: "message", id, message: { ...message } }))) ?? {
            publish: false,
          },
        onOccupied: (channel) => listening(`+${channel}`),
        onVacated: (channel) => listening(`-${channel}`),
      },
    })
    say({ kind: "started", url: laba.url })
  } catch (error) {
    say({ kind: "notStarted", why: error instanceof Error ? error.message : String(error) })
  }
}

function publish(batch: number, texts: readonly string[]): void {
  const failures: [at: number, why: string][] = []
  let left = texts.length / 2
  const settled = (): void => {
    left -= 1
    if (left === 0) say({ kind: "settled", batch, failures })
  }
  for (let at = 0; at < texts.length; at += 2) {
    laba?.publish(texts[at] as string, texts[at + 1] as string).then(settled, (error: unknown) => {
      failures.push([at / 2, String(error)])
      settled()
    })
  }
}

async function close(): Promise<void> {
  await laba?.close()
  tellChanges()
  say({ kind: "closed" })
}

self.onmessage = ({ data }: MessageEvent<ToThread>) => {
  if (data.kind === "publish") publish(data.batch, data.texts)
  else if (data.kind === "start") void start(data.options)
  else if (data.kind === "close") void close()
  else {
    const waiting = asking.get(data.id)
    asking.delete(data.id)
    if ("failed" in data) waiting?.reject(new Error(data.failed))
    else waiting?.resolve(data.answer)
  }
}
