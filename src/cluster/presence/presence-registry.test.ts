import { expect, test } from "bun:test"
import { SetBackClock } from "../../../test/support/set-back-clock.ts"
import type { Channel } from "../../channels/channel.ts"
import { PresenceRegistry } from "./presence-registry.ts"
import type { PresencePage, PresenceChange, PresenceSubscriber } from "./presence.ts"

const room = "/rooms/1" as Channel
const page = { from: 0, limit: 100 }

class Subscriber implements PresenceSubscriber {
  readonly told: PresenceChange[] = []

  changed(_channel: Channel, change: PresenceChange): void {
    this.told.push(change)
  }

  /** What was told since the last look, as words. */
  words(): string[] {
    return this.told
      .splice(0)
      .flatMap(({ joined, left }) => [
        ...joined.map(({ user }) => `${user} came`),
        ...left.map((user) => `${user} left`),
      ])
  }
}

function open() {
  const clock = { ms: 1_000_000 }
  const rules = { keep: true }
  const presence = new PresenceRegistry({
    node: "n",
    keeps: () => rules.keep,
    graceMs: 5000,
    now: () => clock.ms,
    manual: true,
  })
  const pass = (ms: number): void => {
    clock.ms += ms
    presence.tick()
  }
  return { presence, pass, rules }
}

const present = (presence: PresenceRegistry): unknown => {
  const { members, users, guests } = presence.list(room, page) as Awaited<
    ReturnType<PresenceRegistry["list"]>
  >
  return { names: members.map(({ user }) => user), users, guests }
}

test("a connection that leaves twice takes no other one of its user, nor another guest, with it", () => {
  const { presence, pass } = open()
  for (const user of ["ann", undefined]) {
    const [first] = [presence.join(room, user), presence.join(room, user)]
    first?.leave()
    first?.leave()
  }
  pass(60_000)
  expect(present(presence)).toEqual({ names: ["ann"], users: 1, guests: 1 })
})

test("a user is there once, however many connections listen, and guests are counted", () => {
  const { presence } = open()
  for (const user of ["ann", "ann", "bob", undefined, undefined]) presence.join(room, user)
  expect(present(presence)).toEqual({ names: ["ann", "bob"], users: 2, guests: 2 })
})

test("a user leaves when the last connection has been gone for the grace, and is told once", () => {
  const { presence, pass } = open()
  const subscriber = new Subscriber()
  void presence.subscribe(room, subscriber, 100)
  const [first, second] = [presence.join(room, "ann"), presence.join(room, "ann")]
  pass(250)
  expect(subscriber.words()).toEqual(["ann came"])
  first?.leave()
  pass(10_000)
  second?.leave()
  pass(4999)
  expect(subscriber.words()).toEqual([])
  pass(1)
  pass(10_000)
  expect(subscriber.words()).toEqual(["ann left"])
  expect(present(presence)).toEqual({ names: [], users: 0, guests: 0 })
})

test("a user leaves although the machine's clock was set back meanwhile", () => {
  using clock = new SetBackClock()
  const presence = new PresenceRegistry({ node: "n", keeps: () => true, manual: true })
  presence.join(room, "ann")?.leave()
  clock.setBack(3_600_000)
  clock.pass(60_000)
  presence.tick()
  expect(present(presence)).toEqual({ names: [], users: 0, guests: 0 })
})

test("who comes back within the grace has not left", () => {
  const { presence, pass } = open()
  const subscriber = new Subscriber()
  void presence.subscribe(room, subscriber, 100)
  const before = presence.join(room, "ann")
  pass(250)
  before?.leave()
  pass(4000)
  presence.join(room, "ann")
  pass(60_000)
  expect(subscriber.words()).toEqual(["ann came"])
  expect(present(presence)).toEqual({ names: ["ann"], users: 1, guests: 0 })
})

test("an old connection that closes late does not end the newer one of the same user", () => {
  const { presence, pass } = open()
  const old = presence.join(room, "ann")
  presence.join(room, "ann")
  old?.leave()
  pass(60_000)
  expect(present(presence)).toEqual({ names: ["ann"], users: 1, guests: 0 })
})

test("[R3] what the answer says is not told again, and what it lacks is told", () => {
  const { presence, pass } = open()
  const [early, late] = [new Subscriber(), new Subscriber()]
  const answerTo = (subscriber: Subscriber): unknown => {
    const { members, users } = presence.subscribe(room, subscriber, 100) as PresencePage
    return { names: members.map(({ user }) => user), users }
  }
  const ann = presence.join(room, "ann")
  // Nobody was told of anything yet: it is as it is.
  expect(answerTo(early)).toEqual({ names: ["ann"], users: 1 })
  presence.join(room, "bob")
  ann?.leave()
  expect(answerTo(late)).toEqual({ names: ["ann"], users: 1 })
  pass(250)
  expect([early.words(), late.words()]).toEqual([["bob came"], ["bob came"]])
  pass(5000)
  expect([early.words(), late.words()]).toEqual([["ann left"], ["ann left"]])
})

test("[R3] who left and is not told yet is in the answer, and told to have left", () => {
  const { presence, pass } = open()
  const [early, late] = [new Subscriber(), new Subscriber()]
  for (let i = 0; i < 1500; i++) presence.join(room, `u${i}`)?.leave()
  void presence.subscribe(room, early, 100)
  // All leave at once, and the first thousand are told.
  pass(5000)
  const { members, users } = presence.subscribe(room, late, 1000) as PresencePage
  expect([members.length, users]).toEqual([500, 500])
  pass(250)
  expect(late.words().sort()).toEqual(members.map(({ user }) => `${user} left`).sort())
})

test("[R3] who asks again while many are told is not told what the second answer says", async () => {
  const { presence, pass } = open()
  const subscribers = Array.from({ length: 300 }, () => new Subscriber())
  for (const subscriber of subscribers) void presence.subscribe(room, subscriber, 100)
  presence.join(room, "ann")
  pass(250)
  const last = subscribers[299] as Subscriber
  const { users } = presence.subscribe(room, last, 100) as PresencePage
  expect(users).toBe(1)
  while (subscribers[298]?.told.length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(last.words()).toEqual([])
})

test("more changes than fit into one change come in the next, each once", () => {
  const { presence, pass } = open()
  const subscriber = new Subscriber()
  void presence.subscribe(room, subscriber, 100)
  for (let i = 0; i < 2500; i++) presence.join(room, `u${i}`)
  for (let i = 0; i < 5; i++) pass(250)
  expect(subscriber.told.map(({ joined }) => joined.length)).toEqual([1000, 1000, 500])
  expect(new Set(subscriber.words()).size).toBe(2500)
})

test("many subscribers are told in slices, all of the same change", async () => {
  const { presence, pass } = open()
  const subscribers = Array.from({ length: 600 }, () => new Subscriber())
  for (const subscriber of subscribers) void presence.subscribe(room, subscriber, 100)
  presence.join(room, "ann")
  pass(250)
  expect(subscribers.filter(({ told }) => told.length > 0).length).toBe(250)
  while (subscribers.some(({ told }) => told.length === 0))
    await new Promise((resolve) => setImmediate(resolve))
  expect(new Set(subscribers.map(({ told }) => told[0])).size).toBe(1)
})

test("a list comes in pages, everybody on exactly one", () => {
  const { presence } = open()
  for (let i = 0; i < 250; i++) presence.join(room, `u${i}`)
  const seen: string[] = []
  for (let from: number | null = 0; from !== null;) {
    const { members, next }: PresencePage = presence.list(room, { from, limit: 100 }) as PresencePage
    seen.push(...members.map(({ user }) => user))
    from = next
  }
  expect(new Set(seen).size).toBe(250)
  expect(seen.length).toBe(250)
})

test("a channel whose rule keeps no presence has no members, and asking there is refused", () => {
  const { presence, rules } = open()
  rules.keep = false
  expect(presence.join(room, "ann")).toBeNull()
  expect(() => presence.list(room, page)).toThrow("not_found")
})

test("when the rule keeps no presence any more, everybody is forgotten", () => {
  const { presence, pass, rules } = open()
  const subscriber = new Subscriber()
  void presence.subscribe(room, subscriber, 100)
  const handle = presence.join(room, "ann")
  pass(250)
  rules.keep = false
  presence.rulesChanged()
  pass(250)
  handle?.leave()
  pass(60_000)
  expect(subscriber.words()).toEqual(["ann came", "ann left"])
  rules.keep = true
  expect(present(presence)).toEqual({ names: [], users: 0, guests: 0 })
})
