// The states of a connection and of a subscription, as one pure table. Who acts on it is in connect.ts and channels/subscription.ts.

export type State =
  /** Nothing is under way: not started, the page is hidden, or (a channel) the connection is away. */
  | "idle"
  /** Asked, not answered yet. */
  | "connecting"
  | "open"
  /** Will ask again by itself after a wait. */
  | "waiting"
  /** Over, by the application's wish or because asking again would fail again. */
  | "closed"

export type Event =
  | "start"
  /** The transport is ready, or the channel is subscribed. */
  | "ready"
  /** Ended; come back after a wait. */
  | "lost"
  /** Ended; come back at once. */
  | "dropped"
  /** Ended; asking again would fail again. */
  | "refused"
  /** The wait is over. */
  | "due"
  /** The network came back. */
  | "online"
  /** The page became visible, or the machine woke up. */
  | "shown"
  | "pause"
  | "close"

export type Action =
  /** Ask: open a transport, or subscribe. What was asked before is let go. */
  | "dial"
  /** Set the timer that ends in `due`. */
  | "wait"
  /** Use what was opened. */
  | "settle"
  /** See within a short time whether it still lives. */
  | "probe"
  /** Let go of everything. */
  | "hang-up"

/** The state to go to, then what to do; null where nothing happens. */
type Cell = readonly [to: State, ...actions: Action[]] | null

/** A state or an event without its cell does not compile: the type wants every one. */
type Table = { readonly [S in State]: { readonly [E in Event]: Cell } }

export const table: Table = {
  idle: {
    start: ["connecting", "dial"],
    ready: null,
    lost: null,
    dropped: null,
    refused: ["closed"],
    due: null,
    online: null,
    shown: ["connecting", "dial"],
    pause: null,
    close: ["closed", "hang-up"],
  },
  connecting: {
    start: null,
    ready: ["open", "settle"],
    lost: ["waiting", "wait"],
    // "At once" was tried and failed: trying at once again would be a loop.
    dropped: ["waiting", "wait"],
    refused: ["closed", "hang-up"],
    due: null,
    // What was begun before belongs to the network that is gone.
    online: ["connecting", "dial"],
    shown: null,
    pause: ["idle", "hang-up"],
    close: ["closed", "hang-up"],
  },
  open: {
    start: null,
    // A better transport was found meanwhile.
    ready: ["open", "settle"],
    lost: ["waiting", "wait"],
    dropped: ["connecting", "dial"],
    refused: ["closed", "hang-up"],
    due: null,
    online: ["open", "probe"],
    shown: ["open", "probe"],
    pause: ["idle", "hang-up"],
    close: ["closed", "hang-up"],
  },
  waiting: {
    start: ["connecting", "dial"],
    ready: null,
    lost: null,
    dropped: null,
    refused: ["closed", "hang-up"],
    due: ["connecting", "dial"],
    online: ["connecting", "dial"],
    shown: ["connecting", "dial"],
    pause: ["idle", "hang-up"],
    close: ["closed", "hang-up"],
  },
  // Over is over: who wants more opens anew.
  closed: {
    start: null,
    ready: null,
    lost: null,
    dropped: null,
    refused: null,
    due: null,
    online: null,
    shown: null,
    pause: null,
    close: null,
  },
}

/** Where an event leads from a state. */
export const transition = (state: State, event: Event): NonNullable<Cell> => table[state][event] || [state]
