import { expect, jest, test } from "bun:test"
import { SetBackClock } from "../../../../test/support/set-back-clock.ts"
import { Backend } from "./backend.ts"
import { failuresMax } from "./circuit-breaker.ts"
import { labaDialect } from "../dialects/laba-dialect.ts"
import { memoryStore } from "../registrations/memory-store.ts"
import { Occupancy, vacantMs } from "../registrations/occupancy.ts"
import type { HookConfig, HookNotification, HookResponse } from "../remote.ts"
import { notificationAgeMaxMs, NotificationQueue } from "./notification-queue.ts"

const hook: HookConfig = {
  name: "desk",
  pattern: "/**",
  dialect: "laba",
  urls: { unregister: "http://b/", occupied: "http://b/", vacated: "http://b/" },
  secrets: [],
  timeoutMs: 5000,
  concurrencyMax: 2,
  privateAddresses: [],
  origin: "laba",
  handshake: false,
}

const told = (status: number): HookResponse => ({
  status,
  headers: new Headers(status === 503 ? { "retry-after": "7" } : {}),
  body: new Uint8Array(),
})

function make(
  answer: (id: string) => number,
  answered: () => Promise<void> = () => Promise.resolve(),
): {
  notifications: NotificationQueue
  heard: string[]
  expired: string[]
  peak: () => number
  clock: { nowMs: number }
} {
  const heard: string[] = []
  const expired: string[] = []
  const clock = { nowMs: 0 }
  const time = { now: () => clock.nowMs, chance: () => 0.5 }
  const backend = new Backend({
    hook,
    dialect: labaDialect,
    async send({ headers }) {
      const id = headers["ce-id"] as string
      heard.push(id)
      const said = told(answer(id))
      await answered()
      return said
    },
    onFailure: () => {},
    ...time,
  })
  const onExpired = ({ id }: HookNotification): void => void expired.push(id)
  const notifications = new NotificationQueue({ backend, store: memoryStore, onExpired, ...time })
  return { notifications, heard, expired, peak: () => backend.concurrency.inFlightPeak, clock }
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await Promise.resolve()
}

const ended = (connection: string): HookNotification => ({
  id: `${connection}/unregister`,
  hook: "desk",
  time: 0,
  event: {
    kind: "unregister",
    connection,
    transport: "websocket",
    channel: null,
    user: undefined,
    state: undefined,
    code: 1000,
    reason: "",
  },
})

const occupancy = (kind: "occupied" | "vacated", number: number): HookNotification => ({
  id: `n/${kind}/${number}`,
  hook: "desk",
  time: 0,
  event: { kind, channel: "/a", node: "n" },
})

test("what a backend did not hear is told again, with one id, later and later", async () => {
  jest.useFakeTimers()
  try {
    let times = 0
    const { notifications, heard } = make(() => (++times < 4 ? 404 : 204))
    notifications.add(ended("c1"))
    for (const [waitMs, attempts] of [
      [0, 1],
      [999, 1],
      [1, 2],
      [1999, 2],
      [1, 3],
      [4000, 4],
    ] as const) {
      jest.advanceTimersByTime(waitMs)
      await settled()
      expect(heard).toHaveLength(attempts)
    }
    expect(new Set(heard)).toEqual(new Set(["c1/unregister"]))
    expect(notifications.pending).toBe(0)
  } finally {
    jest.useRealTimers()
  }
})

test("a backend that says when to come back is left alone until then", async () => {
  jest.useFakeTimers()
  try {
    let isBusy = true
    const { notifications, heard } = make(() => (isBusy ? 503 : 204))
    notifications.add(ended("c1"))
    await settled()
    isBusy = false
    jest.advanceTimersByTime(6999)
    await settled()
    expect(heard).toHaveLength(1)
    jest.advanceTimersByTime(1)
    await settled()
    expect(heard).toHaveLength(2)
  } finally {
    jest.useRealTimers()
  }
})

test("one channel's news comes in order, though the first has to be told twice; other news does not wait for it", async () => {
  jest.useFakeTimers()
  try {
    let failures = 1
    const { notifications, heard } = make((id) => (id === "n/occupied/1" && failures-- > 0 ? 404 : 204))
    notifications.add(occupancy("occupied", 1))
    notifications.add(occupancy("vacated", 1))
    notifications.add(ended("c1"))
    await settled()
    expect(heard).toEqual(["n/occupied/1", "c1/unregister"])
    jest.advanceTimersByTime(1000)
    await settled()
    expect(heard).toEqual(["n/occupied/1", "c1/unregister", "n/occupied/1", "n/vacated/1"])
    expect(notifications.pending).toBe(0)
  } finally {
    jest.useRealTimers()
  }
})

test("never more are under way than the bound, however many wait", async () => {
  const { notifications, heard, peak } = make(() => 204)
  for (let i = 0; i < 500; i++) notifications.add(ended(`c${i}`))
  await notifications.flushed()
  expect(heard).toHaveLength(500)
  expect(peak()).toBeLessThanOrEqual(hook.concurrencyMax)
})

test("what nobody heard for three days is given up, and that is said", async () => {
  const { notifications, expired, clock } = make(() => 404)
  clock.nowMs = notificationAgeMaxMs
  notifications.add(ended("c1"))
  await notifications.flushed()
  expect(expired).toEqual(["c1/unregister"])
})

test("a backend that was away is tried again although the machine's clock was set back", async () => {
  using clock = new SetBackClock()
  const send = async () => told(503)
  const backend = new Backend({ hook, dialect: labaDialect, send, onFailure: () => {} })
  for (let i = 0; i < failuresMax; i++) await backend.notify(ended(`c-${i}`)).catch(() => {})
  expect(backend.circuit.state).toBe("open")
  clock.setBack(3_600_000)
  clock.pass(2000)
  expect(backend.circuit.state).toBe("half-open")
})

test("[H10] a channel that is empty for a moment was not empty, and a node that ends leaves none occupied", () => {
  jest.useFakeTimers()
  try {
    const said: string[] = []
    const kept: string[] = []
    const occupancies = new Occupancy({
      node: "n",
      store: { ...memoryStore, put: ({ id }) => void kept.push(id) },
      hookOf: (channel) => (channel === "/other" ? null : { name: "desk", tells: ["occupied", "vacated"] }),
      notify: ({ id, event }) => void said.push(`${id} ${event.kind === "unregister" ? "" : event.channel}`),
      now: () => 0,
    })
    occupancies.occupied("/a")
    occupancies.occupied("/other")
    occupancies.vacated("/a")
    jest.advanceTimersByTime(vacantMs - 1)
    occupancies.occupied("/a")
    jest.advanceTimersByTime(vacantMs)
    expect(said).toEqual(["n/occupied/1 /a"])
    // Its end is written down at its beginning.
    expect(kept).toEqual(["n/occupied/1", "n/vacated/1"])
    occupancies.vacated("/a")
    jest.advanceTimersByTime(vacantMs)
    occupancies.occupied("/b")
    void occupancies.close()
    expect(said).toEqual(["n/occupied/1 /a", "n/vacated/1 /a", "n/occupied/2 /b", "n/vacated/2 /b"])
  } finally {
    jest.useRealTimers()
  }
})

test("what others tell is not told here, but for what is under way", async () => {
  const answers: (() => void)[] = []
  const { notifications, heard } = make(
    () => 204,
    () => new Promise<void>((resolve) => answers.push(resolve)),
  )
  for (const id of ["c1", "c2", "c3", "c4"]) notifications.add(ended(id))
  await settled()
  expect(heard).toEqual(["c1/unregister", "c2/unregister"])
  notifications.dropOthers(new Set(["c4/unregister"]))
  expect([...notifications.all()].map(({ id }) => id)).toEqual(["c4/unregister"])
  while (answers.length > 0) {
    answers.shift()?.()
    await settled()
  }
  expect(heard).toEqual(["c1/unregister", "c2/unregister", "c4/unregister"])
  expect(notifications.pending).toBe(0)
})

test("what has piled up while a backend was away is told at the same cost each, however much it is", async () => {
  const costOfEachMs = async (count: number): Promise<number> => {
    const gate = Promise.withResolvers<void>()
    const { notifications } = make(
      () => 204,
      () => gate.promise,
    )
    for (let number = 0; number < count; number++) notifications.add(ended(`c${number}`))
    const startedAt = performance.now()
    gate.resolve()
    await notifications.flushed()
    return (performance.now() - startedAt) / count
  }
  await costOfEachMs(10_000)
  const few = await costOfEachMs(10_000)
  expect(await costOfEachMs(200_000)).toBeLessThan(3 * few)
}, 60_000)
