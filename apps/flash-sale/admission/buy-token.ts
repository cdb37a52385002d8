// The buy token: issued only once the sale has started, good for one user, one sale and one ticket. It names how many
// tickets the user has had, so using it spends it, over a restart too, and nothing has to be remembered.
import type { TextSigner } from "./text-signer.ts"

interface BuyTokenFacts {
  readonly user: string
  readonly sale: string
  /** Tickets that the user has had in the sale. */
  readonly had: number
}

/** How long a token is good. Long enough for a slow phone, short enough that a stock of them is not worth selling. */
const buyTokenSeconds = 120

export function issueBuyToken(seal: TextSigner, facts: BuyTokenFacts, nowMs: number): string {
  const until = Math.floor(nowMs / 1000) + buyTokenSeconds
  return `${until.toString(36)}.${seal.macOf(textOf(facts, until))}`
}

export function isBuyToken(seal: TextSigner, token: string, facts: BuyTokenFacts, nowMs: number): boolean {
  const dot = token.indexOf(".")
  if (dot < 1 || token.length > 64) return false
  const until = Number.parseInt(token.slice(0, dot), 36)
  if (!(until * 1000 >= nowMs)) return false
  return seal.fits(textOf(facts, until), token.slice(dot + 1))
}

const textOf = ({ user, sale, had }: BuyTokenFacts, until: number): string =>
  `buy\n${sale}\n${user}\n${had}\n${until}`
