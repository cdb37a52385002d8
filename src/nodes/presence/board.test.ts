import { expect, test } from "bun:test"
import { SetBackClock } from "../../../test/support/set-back-clock.ts"
import type { Channel } from "../../channels/channel.ts"
import { Board } from "./board.ts"
import type { Attendance, AttendanceChange, Watcher } from "./presence.ts"

const room = "/rooms/1" as Channel
const page = { from: 0, limit: 100 }

class Ear implements Watcher {
  readonly told: AttendanceChange[] = []

  changed(_channel: Channel, change: AttendanceChange): void {
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
  const board = new Board({
    node: "n",
    keeps: () => rules.keep,
    graceMs: 5000,
    now: () => clock.ms,
    manual: true,
  })
  const pass = (ms: number): void => {
    clock.ms += ms
    board.beat()
  }
  return { board, pass, rules }
}

const present = (board: Board): unknown => {
  const { members, users, guests } = board.attendance(room, page) as Awaited<ReturnType<Board["attendance"]>>
  return { names: members.map(({ user }) => user), users, guests }
}

test("a connection that leaves twice takes no other one of its user, nor another guest, with it", () => {
  const { board, pass } = open()
  for (const user of ["ann", undefined]) {
    const [first] = [board.enter(room, user), board.enter(room, user)]
    first?.leave()
    first?.leave()
  }
  pass(60_000)
  expect(present(board)).toEqual({ names: ["ann"], users: 1, guests: 1 })
})

test("a user is there once, however many connections listen, and guests are counted", () => {
  const { board } = open()
  for (const user of ["ann", "ann", "bob", undefined, undefined]) board.enter(room, user)
  expect(present(board)).toEqual({ names: ["ann", "bob"], users: 2, guests: 2 })
})

test("a user leaves when the last connection has been gone for the grace, and is told once", () => {
  const { board, pass } = open()
  const ear = new Ear()
  void board.watch(room, ear, page)
  const [first, second] = [board.enter(room, "ann"), board.enter(room, "ann")]
  pass(250)
  expect(ear.words()).toEqual(["ann came"])
  first?.leave()
  pass(10_000)
  second?.leave()
  pass(4999)
  expect(ear.words()).toEqual([])
  pass(1)
  pass(10_000)
  expect(ear.words()).toEqual(["ann left"])
  expect(present(board)).toEqual({ names: [], users: 0, guests: 0 })
})

test("a user leaves although the machine's clock was set back meanwhile", () => {
  using clock = new SetBackClock()
  const board = new Board({ node: "n", keeps: () => true, manual: true })
  board.enter(room, "ann")?.leave()
  clock.setBack(3_600_000)
  clock.pass(60_000)
  board.beat()
  expect(present(board)).toEqual({ names: [], users: 0, guests: 0 })
})

test("who comes back within the grace has not left", () => {
  const { board, pass } = open()
  const ear = new Ear()
  const before = board.enter(room, "ann")
  void board.watch(room, ear, page)
  pass(250)
  before?.leave()
  pass(4000)
  board.enter(room, "ann")
  pass(60_000)
  expect(ear.words()).toEqual(["ann came"])
  expect(present(board)).toEqual({ names: ["ann"], users: 1, guests: 0 })
})

test("an old connection that closes late does not end the newer one of the same user", () => {
  const { board, pass } = open()
  const old = board.enter(room, "ann")
  board.enter(room, "ann")
  old?.leave()
  pass(60_000)
  expect(present(board)).toEqual({ names: ["ann"], users: 1, guests: 0 })
})

test("more changes than fit into one telling come in the next, each once", () => {
  const { board, pass } = open()
  const ear = new Ear()
  void board.watch(room, ear, page)
  for (let i = 0; i < 2500; i++) board.enter(room, `u${i}`)
  for (let i = 0; i < 5; i++) pass(250)
  expect(ear.told.map(({ joined }) => joined.length)).toEqual([1000, 1000, 500])
  expect(new Set(ear.words()).size).toBe(2500)
})

test("many watchers are told in slices, all of the same change", async () => {
  const { board, pass } = open()
  const ears = Array.from({ length: 600 }, () => new Ear())
  for (const ear of ears) void board.watch(room, ear, page)
  board.enter(room, "ann")
  pass(250)
  expect(ears.filter(({ told }) => told.length > 0).length).toBe(250)
  while (ears.some(({ told }) => told.length === 0)) await new Promise((resolve) => setImmediate(resolve))
  expect(new Set(ears.map(({ told }) => told[0])).size).toBe(1)
})

test("a list comes in pages, everybody on exactly one", () => {
  const { board } = open()
  for (let i = 0; i < 250; i++) board.enter(room, `u${i}`)
  const seen: string[] = []
  for (let from: number | null = 0; from !== null;) {
    const { members, next }: Attendance = board.attendance(room, { from, limit: 100 }) as Attendance
    seen.push(...members.map(({ user }) => user))
    from = next
  }
  expect(new Set(seen).size).toBe(250)
  expect(seen.length).toBe(250)
})

test("a channel whose rule keeps no presence costs no seat, and asking there is refused", () => {
  const { board, rules } = open()
  rules.keep = false
  expect(board.enter(room, "ann")).toBeNull()
  expect(() => board.attendance(room, page)).toThrow("not_found")
})

test("when the rule keeps no presence any more, everybody is forgotten", () => {
  const { board, pass, rules } = open()
  const seat = board.enter(room, "ann")
  const ear = new Ear()
  void board.watch(room, ear, page)
  pass(250)
  rules.keep = false
  board.rulesChanged()
  pass(250)
  seat?.leave()
  pass(60_000)
  expect(ear.words()).toEqual(["ann came", "ann left"])
  rules.keep = true
  expect(present(board)).toEqual({ names: [], users: 0, guests: 0 })
})
