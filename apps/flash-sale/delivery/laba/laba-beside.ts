// Laba in this process, on a thread of its own: telling a crowd its results must not hold up the desk that takes its
// clicks. Results cross in batches; what Laba asks about visitors comes back and is answered here, beside the books.
import type { Welcome } from "laba"
import type { LabaHereOptions } from "./laba-here.ts"
import { holdsAt } from "./laba-here.ts"
import type { FromThread, ToThread } from "./laba-thread.ts"
import type { LabaPublisher } from "./laba-publisher.ts"
import type { VisitorHooks } from "./visitors.ts"

interface LabaBesideOptions extends Omit<LabaHereOptions, "hooks"> {
  readonly hooks: VisitorHooks
}

interface Publishing {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export async function labaBeside({ hooks, ...options }: LabaBesideOptions): Promise<LabaPublisher> {
  const thread = new Worker(new URL("./laba-thread.ts", import.meta.url).href)
  const post = (message: ToThread): void => thread.postMessage(message)
  const started = Promise.withResolvers<string>()
  const closed = Promise.withResolvers<void>()
  const flying = new Map<number, Publishing[]>()
  let gathered: Publishing[] = []
  let texts: string[] = []
  let batches = 0

  const flush = (): void => {
    flying.set(++batches, gathered)
    post({ kind: "publish", batch: batches, texts })
    gathered = []
    texts = []
  }
  const settle = (batch: number, failures: readonly (readonly [at: number, why: string])[]): void => {
    const publishings = flying.get(batch) ?? []
    flying.delete(batch)
    for (const [at, why] of failures) publishings[at]?.reject(new Error(why))
    // Those that were rejected stay so.
    for (const { resolve } of publishings) resolve()
  }
  const answer = async (id: number, ask: () => unknown): Promise<void> => {
    try {
      post({ kind: "answer", id, answer: (await ask()) as Welcome | undefined })
    } catch (error) {
      post({ kind: "answer", id, failed: String(error) })
    }
  }

  const hear = (changes: readonly string[]): void => {
    for (const change of changes) {
      const channel = change.slice(1)
      if (change.startsWith("+")) hooks.onOccupied(channel)
      else hooks.onVacated(channel)
    }
  }

  thread.onmessage = ({ data }: MessageEvent<FromThread>) => {
    if (data.kind === "settled") settle(data.batch, data.failures)
    else if (data.kind === "connect") void answer(data.id, () => hooks.onConnect(data.visitor))
    else if (data.kind === "message") void answer(data.id, () => hooks.onMessage(data.message))
    else if (data.kind === "listening") hear(data.changes)
    else if (data.kind === "started") started.resolve(data.url)
    else if (data.kind === "notStarted") started.reject(new Error(data.why))
    else closed.resolve()
  }
  // A shop without its loudspeaker would sell in silence: what ends one thread ends the process, as if it were one.
  thread.onerror = ({ message }) => {
    started.reject(new Error(message))
    throw new Error(`Laba's thread failed: ${message}`)
  }
  post({ kind: "start", options })
  const url = await started.promise.catch((error: unknown) => {
    thread.terminate()
    throw error
  })
  return {
    url,
    publish(channel, json) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      // All that is published in one turn crosses together.
      if (texts.length === 0) queueMicrotask(flush)
      texts.push(channel, json)
      gathered.push({ resolve, reject })
      return promise
    },
    holds: (channel) => holdsAt(url, channel),
    async close() {
      post({ kind: "close" })
      await closed.promise
      thread.terminate()
    },
  }
}
