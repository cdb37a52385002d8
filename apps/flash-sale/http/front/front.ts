// The shop's front: threads that read requests, so that a crowd's clicks are read beside the writing of tickets and not
// between. Seen from here it is where clicks come from and their replies go.
import type { Reply } from "../answers.ts"
import {
  type Click,
  clicksIn,
  type FromFront,
  type FrontThreadOptions,
  ReplyCrossing,
  type ToFront,
} from "./crossing.ts"

interface FrontOptions extends Omit<FrontThreadOptions, "sharesPort"> {
  readonly threads: number
  /** Answers a click. */
  readonly enter: (click: Click) => Reply | Promise<Reply>
  /** Told again and again while requests are read later than they came. */
  readonly onLate: () => void
  /** Answers when `enter` threw or rejected. */
  readonly onFailure: (error: unknown) => Reply
}

export interface Front {
  readonly port: number
  /** Stops listening, and resolves once what was asked is answered. */
  close(): Promise<void>
}

/** Rejects when it cannot listen there. */
export async function startFront(options: FrontOptions): Promise<Front> {
  const { threads, port, host, shopUrl, login, addressHeader, publicUrl, ...answers } = options
  const sharesPort = threads > 1
  if (sharesPort && port !== 0) requireFree(host, port)
  const start = (at: number) =>
    startThread({ host, port: at, shopUrl, login, addressHeader, publicUrl, sharesPort }, answers)
  // The first finds a free port where none is given.
  const first = await start(port)
  const others = Array.from({ length: threads - 1 }, () => start(first.port))
  const all = [first, ...(await Promise.all(others))]
  return { port: first.port, close: async () => void (await Promise.all(all.map((one) => one.close()))) }
}

/** Threads share a port with whoever of this user shares it too: another shop there must be noticed, not shared with. */
function requireFree(hostname: string, port: number): void {
  void Bun.serve({ development: false, reusePort: false, hostname, port, fetch: () => new Response() }).stop(
    true,
  )
}

async function startThread(
  options: FrontThreadOptions,
  { enter, onFailure, onLate }: Pick<FrontOptions, "enter" | "onFailure" | "onLate">,
): Promise<Front> {
  const thread = new Worker(new URL("./front-thread.ts", import.meta.url).href)
  const post = (message: ToFront): void => thread.postMessage(message)
  const started = Promise.withResolvers<number>()
  const closed = Promise.withResolvers<void>()
  const replies = new ReplyCrossing(post)

  const take = (click: Click): void => {
    const answer = (reply: Reply): void => replies.reply(click.id, reply)
    try {
      const reply = enter(click)
      if (reply instanceof Promise) reply.then(answer, (error: unknown) => answer(onFailure(error)))
      else answer(reply)
    } catch (error) {
      answer(onFailure(error))
    }
  }
  thread.onmessage = ({ data }: MessageEvent<FromFront>) => {
    if (typeof data === "string") for (const click of clicksIn(data)) take(click)
    else if (data.kind === "late") onLate()
    else if (data.kind === "started") started.resolve(data.port)
    else if (data.kind === "notStarted") started.reject(new Error(data.why))
    else closed.resolve()
  }
  // Requests that nobody reads any more would wait for ever: what ends one thread ends the process.
  thread.onerror = ({ message }) => {
    started.reject(new Error(message))
    throw new Error(`A thread at the shop's front failed: ${message}`)
  }
  post({ kind: "start", options })
  const port = await started.promise.catch((error: unknown) => {
    thread.terminate()
    throw error
  })
  return {
    port,
    async close() {
      post({ kind: "close" })
      await closed.promise
      thread.terminate()
    },
  }
}
