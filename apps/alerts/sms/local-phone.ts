// A phone of our own: a provider of text messages that sends none, and publishes what it would have sent, for the page.
import { randomUUID } from "node:crypto"
import type { SmsSender } from "laba"
import { type Outlet, post } from "../channels/post.ts"
import { phone } from "../channels/names.ts"

/** A text message that arrived. */
export interface TextMessage {
  readonly id: string
  readonly to: string
  readonly text: string
  /** Milliseconds since 1970. */
  readonly at: number
}

export class LocalPhone implements SmsSender {
  readonly name = "local"
  private readonly outlet: Outlet

  constructor(outlet: Outlet) {
    this.outlet = outlet
  }

  async send({ to, text }: { readonly to: string; readonly text: string }): Promise<string> {
    const message: TextMessage = { id: randomUUID(), to, text, at: Date.now() }
    await post(this.outlet, phone, message, { once: message.id })
    return message.id
  }
}
