// Orders between nodes: each has an inbox, a Redis channel that it alone listens to. A question goes to the inbox of who
// is asked, the answer to the inbox of who asks. Nothing is stored: a node that does not hear is told of at once. That it
// does not hear says nothing of whether it lives: its connection to hear with may be on its way back.
import type { Code } from "../../../wire/codes.ts"
import { LabaError, type LabaErrorOptions } from "../../../wire/error.ts"
import type { Link } from "../../engines/redis/link.ts"
import { readTold } from "./told.ts"
import { carryOut, noSuchNode } from "../lone-node.ts"
import type { Answered, Asked, OrderName, Orders } from "../nodes.ts"

/** Questions that wait for their answer, and orders under way for others. Beyond, a node is told to come back. */
const waitingMax = 10_000

/** How long a question waits. An order takes well under a millisecond; a loop that is held for longer is in trouble. */
const waitMsUsual = 3000

/** Questions without an answer that are remembered, for who answers late after all. */
const unansweredMax = 1000

/** How long a question that must not wait long waits for a node that has not answered the last one. */
const waitMsForSilent = 20

interface Question {
  readonly from: string
  readonly id: number
  readonly name: OrderName
  readonly asked: unknown
}

type Letter =
  | Question
  | { readonly re: number; readonly answer: unknown }
  | ({ readonly re: number; readonly code: Code; readonly detail: string } & Omit<LabaErrorOptions, "cause">)

interface Waiting {
  resolve(answer: unknown): void
  reject(error: LabaError): void
}

interface InboxOptions {
  readonly link: Link
  /** This node. */
  readonly self: string
  readonly orders: Orders
  /** Whether a node that does not hear is alive all the same. */
  readonly isAlive: (run: string) => Promise<boolean>
}

export class Inbox {
  private readonly options: InboxOptions
  private readonly waiting = new Map<number, Waiting>()
  /** Nodes that did not answer in time, and have not been heard since. */
  private readonly silent = new Set<string>()
  /** The nodes of questions that were given up. */
  private readonly unanswered = new Map<number, string>()
  private last = 0
  private underWay = 0

  constructor(options: InboxOptions) {
    this.options = options
    options.link.listen(options.self, "inbox", {
      heard: (payload) => this.open(payload),
      joined: () => undefined,
    })
  }

  /**
   * Throws what the order throws, `gone` and `engine_unavailable`. With a `waitMs` of its own a question waits no longer than a
   * moment for a node that is known not to answer.
   */
  async ask<Name extends OrderName>(
    run: string,
    name: Name,
    asked: Asked<Name>,
    waitMs?: number,
  ): Promise<Answered<Name>> {
    if (this.waiting.size >= waitingMax) throw behind("Too many questions to other nodes wait for an answer.")
    const id = ++this.last
    let timer: ReturnType<typeof setTimeout> | undefined
    const answered = new Promise<unknown>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject })
      const giveUp = (): void => {
        this.noteSilence(run, id)
        reject(behind("The node that this is on does not answer."))
      }
      const patienceMs = waitMs ?? waitMsUsual
      timer = setTimeout(giveUp, this.silent.has(run) ? Math.min(patienceMs, waitMsForSilent) : patienceMs)
    })
    // Whichever fails first tells; the other has nobody left to tell.
    answered.catch(() => undefined)
    try {
      const heard = await this.send(run, { from: this.options.self, id, name, asked })
      if (heard === 0)
        throw (await this.options.isAlive(run))
          ? behind("The node that this is on does not hear the others just now.")
          : noSuchNode()
      const answer = (await answered) as Answered<Name>
      this.endSilence(run)
      return answer
    } finally {
      clearTimeout(timer)
      this.waiting.delete(id)
    }
  }

  /** A node is heard again, or gone for good. */
  endSilence(run: string | undefined): void {
    if (run !== undefined) this.silent.delete(run)
  }

  stop(): void {
    this.options.link.unlisten(this.options.self, "inbox")
    for (const { reject } of this.waiting.values()) reject(behind("This node is going away."))
  }

  private noteSilence(run: string, id: number): void {
    this.silent.add(run)
    this.unanswered.set(id, run)
    const [oldest] = this.unanswered.keys()
    if (this.unanswered.size > unansweredMax && oldest !== undefined) this.unanswered.delete(oldest)
  }

  /** How many heard it: a node's inbox has one listener, or none. */
  private async send(run: string, letter: Letter): Promise<number> {
    const { link } = this.options
    const publish = link.isCluster ? "SPUBLISH" : "PUBLISH"
    return Number(await link.command(run, publish, link.key(run, "inbox"), JSON.stringify(letter)))
  }

  private open(payload: Buffer): void {
    const letter = readTold<Letter>(payload)
    if (!letter) return
    if ("name" in letter) return void this.answer(letter)
    const waiting = this.waiting.get(letter.re)
    if (!waiting) this.endSilence(this.unanswered.get(letter.re))
    if ("answer" in letter) waiting?.resolve(letter.answer)
    else {
      const { code, detail } = letter
      waiting?.reject(new LabaError(code, detail, letter))
    }
  }

  private async answer({ from, id, name, asked }: Question): Promise<void> {
    this.underWay++
    try {
      if (this.underWay > waitingMax) throw behind("Too many orders are under way there.")
      const answer = await carryOut(this.options.orders, name, asked as Asked<typeof name>)
      await this.send(from, { re: id, answer })
    } catch (error) {
      await this.send(from, refusalOf(id, error)).catch(() => undefined)
    } finally {
      this.underWay--
    }
  }
}

function refusalOf(re: number, error: unknown): Letter {
  if (!(error instanceof LabaError))
    return { re, code: "internal", detail: "The order failed on the node that it was for." }
  const { code, detail, retryAfterSeconds, limit } = error
  return { re, code, detail, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }), limit }
}

const behind = (detail: string): LabaError =>
  new LabaError("engine_unavailable", detail, { retryAfterSeconds: 1 })
