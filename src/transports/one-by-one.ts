// Listeners that are written to one after the other, each by its own `write`: where no call reaches several of them.
import type { PreparedMessage } from "../hub/prepared-message.ts"
import { ListGroup } from "./list-group.ts"
import type { GroupKind, Listener } from "./transport.ts"

class OneByOneGroup extends ListGroup<Listener> {
  write(messages: readonly PreparedMessage[]): void {
    for (const listener of this.snapshot()) listener.write(messages)
  }
}

/** A kind of such listeners, with what a write costs one of them and what each further message adds, in microseconds. */
export function oneByOne(name: string, costs: Pick<GroupKind, "writeMicros" | "messageMicros">): GroupKind {
  return { name, ...costs, joins: false, make: () => new OneByOneGroup() }
}
