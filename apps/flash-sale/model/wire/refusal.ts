// Why somebody gets no ticket. Each refusal is said at once and from memory, with what to do about it.

interface RefusalEntry {
  readonly status: number
  /** What a client does next: `later` waits for Retry-After, `token` asks for a new token, `never` stops asking. */
  readonly next: "later" | "token" | "never"
  readonly title: string
}

export const refusals = {
  NOT_OPEN: { status: 425, next: "later", title: "The sale is not open." },
  CLOSED: { status: 410, next: "never", title: "The sale has ended." },
  ALREADY_IN: { status: 409, next: "never", title: "You hold a ticket of this sale already." },
  QUEUE_FULL: { status: 503, next: "later", title: "The queue is full." },
  NO_SUCH_ITEM: { status: 400, next: "never", title: "The sale has no such item; name one that it has." },
  SOLD_OUT: { status: 410, next: "never", title: "Every unit is sold." },
  TOO_FAST: { status: 429, next: "later", title: "Too many attempts in a short time." },
  BAD_TOKEN: { status: 403, next: "token", title: "The buy token is not valid, or was used." },
  KEY_CONFLICT: { status: 409, next: "never", title: "The same Idempotency-Key came with another request." },
  NOT_SAVED: { status: 503, next: "later", title: "The ticket could not be written down; there is none." },
} as const satisfies Record<string, RefusalEntry>

export type RefusalCode = keyof typeof refusals

/** A refusal as it is answered. */
export interface Refusal {
  readonly refused: RefusalCode
  /** Seconds after which it may go better. */
  readonly retryAfterSeconds?: number | undefined
  /** With ALREADY_IN: the number of the ticket that the caller holds. */
  readonly number?: number | undefined
  /** With NO_SUCH_ITEM: the items that could have been named. */
  readonly items?: readonly string[] | undefined
}

export const refuse = (refused: RefusalCode, more: Omit<Refusal, "refused"> = {}): Refusal => ({
  refused,
  ...more,
})
