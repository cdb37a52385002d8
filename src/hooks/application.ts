// Asks the application's hooks and turns what they say into a decision. What a hook throws never reaches a client.
import { LabaError } from "../../wire/error.ts"
import type { MaybePromise } from "../engines/engine.ts"
import type { ClientMessage, Disconnected, Hooks, Refusal, Verdict, Visitor, Welcome } from "./hooks.ts"

const welcome: Welcome = {}
const publishIt: Verdict = {}

export class Application {
  private readonly hooks: Hooks
  private readonly onError: (hook: keyof Hooks, error: unknown) => void

  constructor(hooks: Hooks, onError: (hook: keyof Hooks, error: unknown) => void) {
    this.hooks = hooks
    this.onError = onError
  }

  /** False: nobody is asked, and no visitor need be described. */
  get asksOnConnect(): boolean {
    return this.hooks.onConnect !== undefined
  }

  get asksOnMessage(): boolean {
    return this.hooks.onMessage !== undefined
  }

  get tellsOnDisconnect(): boolean {
    return this.hooks.onDisconnect !== undefined
  }

  /** Throws the refusal, or `hook_failed`. */
  async connect(visitor: Visitor): Promise<Welcome> {
    return this.ask("onConnect", () => this.hooks.onConnect?.(visitor), welcome)
  }

  async message(message: ClientMessage): Promise<Verdict> {
    return this.ask("onMessage", () => this.hooks.onMessage?.(message), publishIt)
  }

  async disconnected(connection: Disconnected): Promise<void> {
    try {
      await this.hooks.onDisconnect?.(connection)
    } catch (error) {
      this.onError("onDisconnect", error)
    }
  }

  private async ask<T extends { readonly refuse?: Refusal }>(
    hook: keyof Hooks,
    call: () => MaybePromise<T | undefined | void>,
    otherwise: T,
  ): Promise<T> {
    let said: T | undefined | void
    try {
      said = await call()
    } catch (error) {
      this.onError(hook, error)
      throw new LabaError("hook_failed", "The application failed to answer; its log says more.", {
        cause: error,
      })
    }
    const answer = said ?? otherwise
    if (answer.refuse) throw new LabaError(answer.refuse.code ?? "forbidden", answer.refuse.detail)
    return answer
  }
}
