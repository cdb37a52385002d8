// What transports share, for tests of one connection by itself: what a test does not give does nothing.
import { defaultLimits, type Limits } from "../../wire/limits.ts"
import { Counters } from "../telemetry/counters.ts"
import type { Shared } from "./shared.ts"

/** Parts of `Shared`, each as much of it as the test needs. */
type SharedParts = { readonly [Part in keyof Shared]?: unknown } & { readonly limits?: Partial<Limits> }

export const stubShared = ({ limits, ...parts }: SharedParts): Shared =>
  ({
    limits: { ...defaultLimits, ...limits },
    counters: new Counters(),
    wheel: { add() {}, remove() {} },
    connections: { addReserved() {}, remove() {}, retire() {}, idOf: String },
    presence: { enter: () => null },
    setTimeout() {},
    gone() {},
    failed() {},
    ...parts,
  }) as unknown as Shared
