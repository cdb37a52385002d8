// What share of an engine's bounds one publisher may have. Knows names, and no credential.
import type { Limits } from "../../wire/limits.ts"
import type { Keep, RuleBudget } from "../channels/channel.ts"
import type { Publisher } from "./engine.ts"

/** Who answers for what channels cost: the rule, where it has a budget, or who began the channel's history. */
export type OwnerName = Publisher | RuleBudget["name"]

/** A backend of the operator's own: the budget as a whole is its bound. */
const isBackend = (publisher: Publisher): boolean => publisher.startsWith("key:")

/**
 * Who answers for what a message begins. Nobody does for backends, and for who is not counted (the program that runs the server,
 * this machine's own): the budget as a whole is their bound.
 */
export const ownerNameOf = (publisher: Publisher | undefined, keep: Keep): OwnerName | null =>
  keep?.budget?.name ?? (publisher === undefined || isBackend(publisher) ? null : publisher)

/** Bytes of a budget that one owner's channels may have while it is used up. Infinity is no bound. */
export const ownerBytesMax = (
  keep: Keep,
  budget: number,
  limits: Pick<Limits, "historyPercentPerPublisherMax">,
): number => keep?.budget?.bytes ?? historyShareMax(budget, limits)

/** The same for a publisher. */
export const historyShareMax = (
  budget: number,
  { historyPercentPerPublisherMax }: Pick<Limits, "historyPercentPerPublisherMax">,
): number =>
  historyPercentPerPublisherMax === 0
    ? Number.POSITIVE_INFINITY
    : Math.floor((budget * historyPercentPerPublisherMax) / 100)

/**
 * A publisher may have so many times as many Idempotency-Keys remembered as are still free. So one alone may use most of the table,
 * many share it, and whoever comes next always finds room: a user or an address leaves a half, a backend a fifth.
 */
export const keysPerFree = (publisher: Publisher): number => (isBackend(publisher) ? 4 : 1)
