// A phone of our own: a provider of text messages that sends none, and publishes what it would have sent, for the page.
import { randomUUID } from "node:crypto"
import type { SmsSender } from "laba"
import { type LabaAccess, publish } from "../../kit/laba/laba-calls.ts"
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
  private readonly access: LabaAccess

  constructor(access: LabaAccess) {
    this.access = access
  }

  async send({ to, text }: { readonly to: string; readonly text: string }): Promise<string> {
    const message: TextMessage = { id: randomUUID(), to, text, at: Date.now() }
    await publish(this.access, phone, message, { once: message.id })
    return message.id
  }
}
