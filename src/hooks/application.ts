// Asks the application and turns what it says into a decision: first the hooks in this process, then the backends that are
// called by HTTP. What a hook throws never reaches a client.
import { LabaError } from "../../wire/error.ts"
import type { MaybePromise } from "../engines/engine.ts"
import { checkAnswer, type HookAnswers } from "./hook-answer.ts"
import type {
  ClientMessage,
  Disconnected,
  Hooks,
  Nacked,
  SubscribeAnswer,
  Verdict,
  Visitor,
  Welcome,
} from "./hooks.ts"
import type { Sender } from "./remote/delivery/fair-queue.ts"
import type { Requester, RemoteHooks } from "./remote/remote-hooks.ts"

const welcome: Welcome = {}
const publishIt: Verdict = {}
const subscribeIt: SubscribeAnswer = {}

interface ApplicationOptions {
  readonly hooks: Hooks
  /** Null: no backend is called. */
  readonly remote: RemoteHooks | null
  readonly onError: (hook: keyof Hooks, error: unknown) => void
}

export class Application {
  readonly remote: RemoteHooks | null
  private readonly hooks: Hooks
  private readonly onError: ApplicationOptions["onError"]

  constructor({ hooks, remote, onError }: ApplicationOptions) {
    this.hooks = hooks
    this.remote = remote
    this.onError = onError
  }

  /** False: nobody is ever asked, and no visitor need have a number. */
  get asksOnConnect(): boolean {
    return this.hooks.onConnect !== undefined || this.remote !== null
  }

  get asksOnMessage(): boolean {
    return this.hooks.onMessage !== undefined || this.remote !== null
  }

  get tellsOnDisconnect(): boolean {
    return this.hooks.onDisconnect !== undefined || this.remote !== null
  }

  /** Whether somebody is asked about this visitor. */
  asksAbout(visit: Pick<Visitor, "channel" | "channels">): boolean {
    return this.hooks.onConnect !== undefined || this.remote?.asksAboutConnection(visit) === true
  }

  /** Whether somebody is asked about what clients send there. */
  asksAboutMessage(channel: string): boolean {
    return this.hooks.onMessage !== undefined || this.remote?.asksAboutMessage(channel) === true
  }

  /** Throws the refusal, or `hook_failed`. */
  async connect(visitor: Visitor): Promise<Welcome> {
    const own = await this.ask("onConnect", () => this.hooks.onConnect?.(visitor), welcome)
    if (!this.remote?.asksAboutConnection(visitor)) return own
    const user = own.user ?? visitor.user
    const remote = await this.remote.register({ ...visitor, user })
    const channels = [...(own.channels ?? []), ...(remote.channels ?? [])]
    return { ...own, ...remote, ...(channels.length > 0 && { channels }) }
  }

  /** Somebody who was let in did not come after all. */
  abandon(connection: string): void {
    this.remote?.abandon(connection)
  }

  /** Throws the refusal, or `hook_failed`. */
  async message(message: ClientMessage, sender: Sender): Promise<Verdict> {
    const verdict = await this.ask("onMessage", () => this.hooks.onMessage?.(message), publishIt)
    if (!this.remote || verdict.publish === false) return verdict
    const { channel, type, data, connection, user, transport } = message
    const heard = await this.remote.message(
      { connection, user, transport, channel, type, data: verdict.data ?? data },
      sender,
    )
    return heard ? { ...verdict, ...heard } : verdict
  }

  /** Whether a publish by a request is to go on: the backend may take the message for itself. Throws the refusal, or `hook_failed`. */
  letsPublish(
    channel: string,
    message: Pick<ClientMessage, "type" | "data">,
    { user, sender }: { readonly user: string | undefined; readonly sender: () => Sender },
  ): MaybePromise<boolean> {
    if (!this.remote?.asksAboutPublish(channel)) return true
    const { type, data } = message
    return this.remote
      .publishing({ channel, type, data, user }, sender())
      .then((verdict) => verdict?.publish !== false)
  }

  /** Lets a connection listen to one more channel; at once where nobody is asked. Throws the refusal, or `hook_failed`. */
  subscribe(requester: () => Requester, channel: string): MaybePromise<void> {
    if (this.hooks.onSubscribe) return this.askThenRemote(requester(), channel)
    if (this.asksRemote(channel)) return this.remote?.subscribe(requester(), channel)
  }

  /** Never rejects. */
  async disconnected(connection: Disconnected): Promise<void> {
    this.remote?.gone(connection)
    if (!this.hooks.onDisconnect) return
    await workAtHand()
    try {
      await this.hooks.onDisconnect(connection)
    } catch (error) {
      this.onError("onDisconnect", error)
    }
  }

  /** A client could not take these messages, the oldest first. Never throws. */
  nacked(nacked: Omit<Nacked, "message"> & { readonly messages: readonly string[] }): void {
    this.remote?.nacked(nacked)
    const { onNack } = this.hooks
    if (!onNack) return
    const { messages, ...about } = nacked
    for (const message of messages) void this.notify("onNack", () => onNack({ ...about, message }))
  }

  /** A channel has its first listener on this node. Never throws. */
  occupied(channel: string): void {
    this.remote?.occupancy?.occupied(channel)
    const { onOccupied } = this.hooks
    if (onOccupied) void this.notify("onOccupied", () => onOccupied(channel))
  }

  /** A channel has lost its last listener on this node. Never throws. */
  vacated(channel: string): void {
    this.remote?.occupancy?.vacated(channel)
    const { onVacated } = this.hooks
    if (onVacated) void this.notify("onVacated", () => onVacated(channel))
  }

  private asksRemote(channel: string): boolean {
    return this.remote?.asksAboutConnection({ channel, channels: [] }) === true
  }

  private async askThenRemote(requester: Requester, channel: string): Promise<void> {
    const { connection, transport, user } = requester
    const subscribing = { connection, user, transport, channel }
    await this.ask("onSubscribe", () => this.hooks.onSubscribe?.(subscribing), subscribeIt)
    if (this.asksRemote(channel)) await this.remote?.subscribe(requester, channel)
  }

  private async notify(hook: "onNack" | "onOccupied" | "onVacated", call: () => unknown): Promise<void> {
    await workAtHand()
    try {
      // An async function passes for one that answers nothing; what it rejects with must not end the process.
      await call()
    } catch (error) {
      this.onError(hook, error)
    }
  }

  private async ask<Hook extends keyof HookAnswers>(
    hook: Hook,
    call: () => MaybePromise<HookAnswers[Hook] | undefined | void>,
    otherwise: HookAnswers[Hook],
  ): Promise<HookAnswers[Hook]> {
    let answered: HookAnswers[Hook] | undefined | void
    try {
      answered = await call()
      checkAnswer(hook, answered)
    } catch (error) {
      this.onError(hook, error)
      throw new LabaError("hook_failed", "The application failed to answer; its log says more.", {
        cause: error,
      })
    }
    const answer = answered ?? otherwise
    if (answer.refuse) throw new LabaError(answer.refuse.code ?? "forbidden", answer.refuse.detail)
    return answer
  }
}

/**
 * Resolves once what is being done is done. Readers are closed and channels vacated in the midst of giving messages out, and what
 * a hook publishes at once would come to some before the message they are about to be given.
 */
const workAtHand = (): Promise<void> => Promise.resolve()
