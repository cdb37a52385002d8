// Remote calls between nodes: each has an inbox, a Redis channel that it alone subscribes to. A call goes to the inbox of who
// is called, the answer to the inbox of the caller. Nothing is stored: that a node is not subscribed is told at once. It
// says nothing of whether the node lives: its connection for subscriptions may be on its way back.
import { BoundedMap } from "../../bounds/bounded-map.ts"
import type { Code } from "../../../wire/codes.ts"
import { LabaError, type LabaErrorOptions } from "../../../wire/error.ts"
import type { RedisClient } from "../../redis/redis-client.ts"
import { nodesUnavailable, readNodeMessage } from "./node-message.ts"
import { invoke, noSuchNode } from "../single-node.ts"
import type { Result, Params, NodeMethod, NodeMethods } from "../nodes.ts"

/** Calls that wait for their answer, and calls under way for others. Beyond, a node is told to come back. */
const pendingMax = 10_000

/** How long a call waits. A method takes well under a millisecond; a loop that is held for longer is in trouble. */
const waitMsUsual = 3000

/** Calls without an answer that are remembered, for who answers late after all. */
const unansweredMax = 1000

/** How long a call that must not wait long waits for a node that has not answered the last one. */
const waitMsForSilent = 20

interface CallRequest {
  readonly from: string
  readonly id: number
  readonly name: NodeMethod
  readonly asked: unknown
}

type CallMessage =
  | CallRequest
  | { readonly re: number; readonly answer: unknown }
  | ({ readonly re: number; readonly code: Code; readonly detail: string } & Omit<LabaErrorOptions, "cause">)

interface PendingCall {
  resolve(answer: unknown): void
  reject(error: LabaError): void
}

interface NodeCallsOptions {
  readonly redis: RedisClient
  /** This node. */
  readonly self: string
  readonly methods: NodeMethods
  /** Whether a node that is not subscribed is alive all the same. */
  readonly isAlive: (run: string) => Promise<boolean>
}

export class NodeCalls {
  private readonly options: NodeCallsOptions
  private readonly pending = new Map<number, PendingCall>()
  /** Nodes that did not answer in time, nor since. */
  private readonly silent = new Set<string>()
  /** The nodes of calls that were given up. */
  private readonly unanswered = new BoundedMap<number, string>(unansweredMax)
  private last = 0
  private underWay = 0

  constructor(options: NodeCallsOptions) {
    this.options = options
    options.redis.subscribe(options.self, "inbox", {
      received: (payload) => this.receive(payload),
      subscribed: () => undefined,
    })
  }

  /**
   * Throws what the method throws, `gone` and `engine_unavailable`. With a `waitMs` of its own a call waits no longer than a
   * moment for a node that is known not to answer.
   */
  async call<Name extends NodeMethod>(
    run: string,
    name: Name,
    asked: Params<Name>,
    waitMs?: number,
  ): Promise<Result<Name>> {
    if (this.pending.size >= pendingMax)
      throw nodesUnavailable("Too many questions to other nodes wait for an answer.")
    const id = ++this.last
    let timer: ReturnType<typeof setTimeout> | undefined
    const answered = new Promise<unknown>((resolve, reject) => {
      this.pending.set(id, { resolve, reject })
      const giveUp = (): void => {
        this.noteSilence(run, id)
        reject(nodesUnavailable("The node that this is on does not answer."))
      }
      const patienceMs = waitMs ?? waitMsUsual
      timer = setTimeout(giveUp, this.silent.has(run) ? Math.min(patienceMs, waitMsForSilent) : patienceMs)
    })
    // Whichever fails first tells; the other has nobody left to tell.
    answered.catch(() => undefined)
    try {
      const receivers = await this.send(run, { from: this.options.self, id, name, asked })
      if (receivers === 0)
        throw (await this.options.isAlive(run))
          ? nodesUnavailable("The node that this is on does not hear the others just now.")
          : noSuchNode()
      const answer = (await answered) as Result<Name>
      this.endSilence(run)
      return answer
    } finally {
      clearTimeout(timer)
      this.pending.delete(id)
    }
  }

  /** A node has answered again, or is gone for good. */
  endSilence(run: string | undefined): void {
    if (run !== undefined) this.silent.delete(run)
  }

  stop(): void {
    this.options.redis.unsubscribe(this.options.self, "inbox")
    for (const { reject } of this.pending.values()) reject(nodesUnavailable("This node is going away."))
  }

  private noteSilence(run: string, id: number): void {
    this.silent.add(run)
    this.unanswered.set(id, run)
  }

  /** How many received it: a node's inbox has one subscriber, or none. */
  private async send(run: string, message: CallMessage): Promise<number> {
    const { redis } = this.options
    const publish = redis.isCluster ? "SPUBLISH" : "PUBLISH"
    return Number(await redis.command(run, publish, redis.key(run, "inbox"), JSON.stringify(message)))
  }

  private receive(payload: Buffer): void {
    const message = readNodeMessage<CallMessage>(payload)
    if (!message) return
    if ("name" in message) return void this.answer(message)
    const call = this.pending.get(message.re)
    if (!call) this.endSilence(this.unanswered.get(message.re))
    if ("answer" in message) call?.resolve(message.answer)
    else {
      const { code, detail } = message
      call?.reject(new LabaError(code, detail, message))
    }
  }

  private async answer({ from, id, name, asked }: CallRequest): Promise<void> {
    this.underWay++
    try {
      if (this.underWay > pendingMax) throw nodesUnavailable("Too many orders are under way there.")
      const answer = await invoke(this.options.methods, name, asked as Params<typeof name>)
      await this.send(from, { re: id, answer })
    } catch (error) {
      await this.send(from, refusalOf(id, error)).catch(() => undefined)
    } finally {
      this.underWay--
    }
  }
}

function refusalOf(re: number, error: unknown): CallMessage {
  if (!(error instanceof LabaError))
    return { re, code: "internal", detail: "The order failed on the node that it was for." }
  const { code, detail, retryAfterSeconds, limit } = error
  return { re, code, detail, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }), limit }
}
