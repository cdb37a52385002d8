// What every group has in common: a list that a member leaves in constant time, because it knows its index.
import type { PreparedMessage } from "../hub/prepared-message.ts"
import type { Group, Listener } from "./transport.ts"

export abstract class ListGroup<L extends Listener> implements Group {
  readonly members: L[] = []

  add(listener: L): void {
    listener.groupIndex = this.members.length
    this.members.push(listener)
  }

  /** Harmless for one that is no member. */
  remove(listener: L): void {
    const { members } = this
    if (members[listener.groupIndex] !== listener) return
    const last = members.pop() as L
    if (last === listener) return
    members[listener.groupIndex] = last
    last.groupIndex = listener.groupIndex
  }

  /** The members as they are now. Who is written to may leave, and then another one gets its index. */
  protected snapshot(): readonly L[] {
    return [...this.members]
  }

  abstract write(messages: readonly PreparedMessage[]): void
}
