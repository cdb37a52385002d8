// What share of an engine's bounds one publisher may have. Knows names, and no credential.
import type { Limits } from "../../wire/limits.ts"
import type { Publisher } from "./engine.ts"

/** A backend of the operator's own: the budget as a whole is its bound. */
const isBackend = (publisher: Publisher): boolean => publisher.startsWith("key:")

/**
 * Whether what somebody's channels keep is bounded by a share. Not so for backends, and for who is not counted: the program that
 * runs the server, and this machine's own.
 */
export const hasHistoryShare = (publisher: Publisher | undefined): publisher is Publisher =>
  publisher !== undefined && !isBackend(publisher)

/** Bytes of a budget that one publisher's channels may have while it is used up. Infinity is no bound. */
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
