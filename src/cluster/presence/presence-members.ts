// Who is in one channel, and which nodes say so. Each node speaks for its own users alone, so no count is ever shared
// and none can go wrong: a user is there while one node says so, and left when none does.
import type { PresenceMember } from "../../../wire/frames.ts"
import { PagedMap } from "../../paging/paged-map.ts"
import type { PresencePage, PresenceChange, PageRequest } from "./presence.ts"

interface MemberRecord {
  readonly user: string
  /** The earliest that any node has said. */
  since: number
  /** The nodes that say so. Most users are on one. */
  readonly nodes: Set<string>
}

export class PresenceMembers {
  private readonly entries = new PagedMap<string, MemberRecord>()
  private readonly guestsBy = new Map<string, number>()
  /** Who is there and was not told to have come. */
  private readonly came = new Set<string>()
  /** Who is not there and was not told to have left. */
  private readonly went = new Map<string, PresenceMember>()
  private guestsChanged = false

  get users(): number {
    return this.entries.size
  }

  get guests(): number {
    let guests = 0
    for (const count of this.guestsBy.values()) guests += count
    return guests
  }

  /** Whether there is something to tell. */
  get isDirty(): boolean {
    return this.came.size > 0 || this.went.size > 0 || this.guestsChanged
  }

  /** A node says that a user is there. */
  add(node: string, { user, since }: PresenceMember): void {
    const known = this.entries.get(user)
    if (known) {
      known.nodes.add(node)
      if (since < known.since) known.since = since
      return
    }
    this.entries.set(user, { user, since, nodes: new Set([node]) })
    // Who went and came back before anybody was told has done neither.
    if (!this.went.delete(user)) this.came.add(user)
  }

  /** A node says that a user is not there any more. */
  remove(node: string, user: string): void {
    const entry = this.entries.get(user)
    if (!entry?.nodes.delete(node) || entry.nodes.size > 0) return
    this.entries.delete(user)
    if (!this.came.delete(user)) this.went.set(user, { user, since: entry.since })
  }

  setGuests(node: string, count: number): void {
    if ((this.guestsBy.get(node) ?? 0) === count) return
    if (count === 0) this.guestsBy.delete(node)
    else this.guestsBy.set(node, count)
    this.guestsChanged = true
  }

  /** The users for whom a node speaks. */
  of(node: string): string[] {
    const users: string[] = []
    for (const { user, nodes } of this.entries.values()) if (nodes.has(node)) users.push(user)
    return users
  }

  /** All that a node says, put in the place of all that it has said. */
  replace(node: string, members: readonly PresenceMember[], guests: number): void {
    const now = new Set(members.map(({ user }) => user))
    for (const user of this.of(node)) if (!now.has(user)) this.remove(node, user)
    for (const member of members) this.add(node, member)
    this.setGuests(node, guests)
  }

  /** The node speaks for nobody any more. */
  drop(node: string): void {
    for (const user of this.of(node)) this.remove(node, user)
    this.setGuests(node, 0)
  }

  /** A page of who is there. */
  page({ from, limit }: PageRequest): PresencePage {
    const { items, next } = this.entries.page(from, limit)
    const members = items.map(({ user, since }) => ({ user, since }))
    return { members, users: this.users, guests: this.guests, next }
  }

  /** The first page as whoever is told of changes knows it: what is not told yet is not in it. */
  toldPage(limit: number): PresencePage {
    const page = this.page({ from: 0, limit })
    const members = page.members.filter(({ user }) => !this.came.has(user))
    for (const member of this.went.values()) {
      if (members.length >= limit) break
      members.push(member)
    }
    return { ...page, members, users: this.users - this.came.size + this.went.size }
  }

  /** Everybody who is there. */
  everybody(): PresenceMember[] {
    const members: PresenceMember[] = []
    for (const { user, since } of this.entries.values()) members.push({ user, since })
    return members
  }

  /** What changed, at most so many names of it; the rest is for the next change. Null when nothing did. */
  take(namesMax: number): PresenceChange | null {
    if (!this.isDirty) return null
    const joined: PresenceMember[] = []
    const left: string[] = []
    for (const user of this.went.keys()) {
      if (left.length >= namesMax) break
      this.went.delete(user)
      left.push(user)
    }
    for (const user of this.came) {
      if (joined.length + left.length >= namesMax) break
      this.came.delete(user)
      joined.push({ user, since: this.entries.get(user)?.since ?? 0 })
    }
    this.guestsChanged = false
    return { joined, left, users: this.users, guests: this.guests }
  }

  /** Nobody is to be told of what happened so far. */
  settle(): void {
    this.came.clear()
    this.went.clear()
    this.guestsChanged = false
  }
}
