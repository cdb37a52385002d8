// A state machine as a table. Every state has a cell for every event, so what nobody thought of does not compile.

/**
 * What an event does in a state.
 * - a state: go there.
 * - `same`: harmless and expected, for example a callback that comes twice; nothing changes and nobody is told.
 * - `never`: our own code asked for what cannot be; it is a bug, and the transaction around it is rolled back.
 */
type Cell<State extends string> = State | "same" | "never"

export type Machine<State extends string, Event extends string> = {
  readonly [S in State]: { readonly [E in Event]: Cell<State> }
}

/** Thrown when our own code fires an event that the table says never happens. */
export class ImpossibleEvent extends Error {
  override readonly name = "ImpossibleEvent"
}

/** The state after an event; the same state when the event means nothing there. Throws `ImpossibleEvent`. */
export function next<State extends string, Event extends string>(
  machine: Machine<State, Event>,
  state: State,
  event: Event,
): State {
  const cell = machine[state][event]
  if (cell === "same") return state
  if (cell === "never") throw new ImpossibleEvent(`${event} cannot happen to what is ${state}`)
  return cell as State
}

/** The states that no event leads out of. */
export function terminalStates<State extends string, Event extends string>(
  machine: Machine<State, Event>,
): ReadonlySet<State> {
  const isEnd = (state: State): boolean =>
    Object.values<Cell<State>>(machine[state]).every((cell) => cell === "same" || cell === "never")
  return new Set((Object.keys(machine) as State[]).filter(isEnd))
}
