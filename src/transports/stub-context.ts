// What transports share, for tests of one connection by itself: what a test does not give does nothing.
import { defaultLimits, type Limits } from "../../wire/limits.ts"
import { Counters } from "../telemetry/counters.ts"
import type { TransportContext } from "./transport-context.ts"

/** Parts of the context, each as much of it as the test needs. */
type ContextParts = { readonly [Part in keyof TransportContext]?: unknown } & {
  readonly limits?: Partial<Limits>
}

export const stubContext = ({ limits, ...parts }: ContextParts): TransportContext =>
  ({
    limits: { ...defaultLimits, ...limits },
    counters: new Counters(),
    wheel: { add() {}, remove() {} },
    connections: { addReserved() {}, remove() {}, retire() {}, idOf: String },
    presence: { join: () => null },
    setTimeout() {},
    reportGone() {},
    reportFailure() {},
    reportRefusal() {},
    ...parts,
  }) as unknown as TransportContext
