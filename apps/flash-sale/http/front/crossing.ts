// What crosses between the shop's thread and those at its front. Clicks and replies cross together and as one text, which
// costs less than objects would.
import type { Reply } from "../answers.ts"
import type { ShopTokensOptions } from "../shop-tokens.ts"
import type { Entry } from "../../admission/admission-queue.ts"

/** Somebody who wants to enter a sale, with a number that the reply bears too. */
export interface Click extends Entry {
  readonly id: number
  readonly sale: string
}

/** How a front thread knows who a buyer is: by the secret of the built-in login, or by the shop's own tokens. */
type LoginFacts = { readonly secret: string } | { readonly jwt: ShopTokensOptions }

export interface FrontThreadOptions {
  readonly host: string
  readonly port: number
  /** Whether other threads listen there too. */
  readonly sharesPort: boolean
  /** Where the shop answers everything that is no click. */
  readonly shopUrl: string
  readonly login: LoginFacts
  readonly publicUrl?: string | undefined
  /** What the proxy before the shop writes a visitor's address into, if one stands there. */
  readonly addressHeader: string | null
}

/** What the shop's thread says. A text holds replies. */
export type ToFront =
  { readonly kind: "start"; readonly options: FrontThreadOptions } | { readonly kind: "close" } | string

/** What a front thread says. A text holds clicks. */
export type FromFront =
  | { readonly kind: "started"; readonly port: number }
  | { readonly kind: "notStarted"; readonly why: string }
  | { readonly kind: "closed" }
  /** Requests are read later than they came. */
  | { readonly kind: "late" }
  | string

/** So many parts go at once: in a crowd a turn is long, and the other thread has nothing to do until something comes. */
const partsMax = 256

/** Gathers what is to cross in this turn. */
class Crossing {
  private parts: (string | number | null)[] = []
  private soon = false
  private readonly textOf: (parts: readonly unknown[]) => string
  private readonly send: (text: string) => void

  constructor(textOf: (parts: readonly unknown[]) => string, send: (text: string) => void) {
    this.textOf = textOf
    this.send = send
  }

  protected add(...parts: readonly (string | number | null)[]): void {
    this.parts.push(...parts)
    if (this.parts.length >= partsMax) this.flush()
    else if (!this.soon) {
      this.soon = true
      // A microtask would not join: each request of a turn has its own.
      setImmediate(() => {
        this.soon = false
        if (this.parts.length > 0) this.flush()
      })
    }
  }

  private flush(): void {
    const { parts } = this
    this.parts = []
    this.send(this.textOf(parts))
  }
}

/** Clicks say what clients wrote: it may be anything. */
export class ClickCrossing extends Crossing {
  constructor(send: (text: string) => void) {
    super(JSON.stringify, send)
  }

  click({ id, sale, user, key, item, token, address = null }: Click): void {
    this.add(id, sale, user, key, item, token, address)
  }
}

/** Replies are JSON of our own, without a line break in it. */
export class ReplyCrossing extends Crossing {
  constructor(send: (text: string) => void) {
    super((parts) => parts.join("\n"), send)
  }

  reply(id: number, { status, isProblem, retryAfterSeconds, text }: Reply): void {
    this.add(id, status, isProblem ? 1 : 0, retryAfterSeconds ?? null, text)
  }
}

/** The clicks in a text. */
export function* clicksIn(text: string): Generator<Click> {
  const parts = JSON.parse(text) as unknown[]
  for (let at = 0; at < parts.length; at += 7) {
    yield {
      id: parts[at] as number,
      sale: parts[at + 1] as string,
      user: parts[at + 2] as string,
      key: parts[at + 3] as string,
      item: parts[at + 4] as string | null,
      token: parts[at + 5] as string | null,
      address: parts[at + 6] as string | null,
    }
  }
}

/** The replies in a text, each with the number of its click. */
export function* repliesIn(text: string): Generator<readonly [id: number, reply: Reply]> {
  const parts = text.split("\n")
  for (let at = 0; at < parts.length; at += 5) {
    const retryAfter = parts[at + 3] as string
    const reply: Reply = {
      status: Number(parts[at + 1]),
      isProblem: parts[at + 2] === "1",
      retryAfterSeconds: retryAfter === "" ? undefined : Number(retryAfter),
      text: parts[at + 4] as string,
    }
    yield [Number(parts[at]), reply]
  }
}
