// The state machine of a listener as one pure table. What is done on entering and leaving a phase is in audience.ts; when an event
// happens, in ../node-hub.ts, ../slow-listeners.ts and ../replay/catch-up.ts.
import type { Phase } from "../../transports/transport.ts"

export type ListenerEvent =
  /** It wants to listen to a channel. */
  | "join"
  /** It lacks messages, and history is read for it. */
  | "behind"
  /** It lacks nothing: it gave no cursor, was caught up, was reset, or has drained. */
  | "at-head"
  /** It takes no more for now: what follows is read for it when it does again. */
  | "pause"
  /** Its reader is slow, and the channel's rule lets it skip messages. */
  | "skip"
  /** Left by itself, or ended. */
  | "leave"

/** A phase or an event without its cell does not compile: the type wants every one. */
type PhaseTable = { readonly [P in Phase]: { readonly [E in ListenerEvent]: Phase } }

export const phaseTable: PhaseTable = {
  gone: {
    join: "joining",
    // An answer for somebody who has left meanwhile.
    behind: "gone",
    "at-head": "gone",
    pause: "gone",
    skip: "gone",
    leave: "gone",
  },
  joining: {
    // One listener listens to one channel.
    join: "joining",
    behind: "replaying",
    "at-head": "live",
    // It was given nothing yet, and is asked before the first page.
    pause: "joining",
    // It was given nothing yet, so there is nothing that it could be spared.
    skip: "joining",
    leave: "gone",
  },
  replaying: {
    join: "replaying",
    behind: "replaying",
    "at-head": "live",
    // It is asked before each page.
    pause: "replaying",
    // The replay is over with that: the newest message comes next, and nothing older after it.
    skip: "skipping",
    leave: "gone",
  },
  live: {
    join: "live",
    // What a channel missed is fetched for all of its listeners together.
    behind: "live",
    "at-head": "live",
    pause: "replaying",
    skip: "skipping",
    leave: "gone",
  },
  skipping: {
    join: "skipping",
    // It has drained, and what it skips to has to be read.
    behind: "replaying",
    "at-head": "live",
    pause: "skipping",
    skip: "skipping",
    leave: "gone",
  },
}

/** Where an event leads from a phase. */
export const nextPhase = (phase: Phase, event: ListenerEvent): Phase => phaseTable[phase][event]
