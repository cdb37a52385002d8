import { describe, expect, test } from "bun:test"
import { defaultLimits, type Limits } from "../../../wire/limits.ts"
import { PendingConnection } from "../../transports/connections/pending-connection.ts"
import type { Connection, Client } from "../../transports/connections/connection.ts"
import { Connections } from "../../transports/connections/connections.ts"
import { makeClient, anonymousClient } from "../../transports/connections/client.ts"
import { TimerWheel } from "../../transports/timer-wheel.ts"
import { userIdentity } from "../access.ts"
import { AdmissionControl } from "./admission-control.ts"
import { PendingCounts, Reservation, AddressUsage } from "./reservation.ts"

function start(limits: Partial<Limits> = {}) {
  const connections = new Connections("node")
  let nowMs = 0
  const wheel = new TimerWheel({ now: () => nowMs, manual: true })
  const admission = new AdmissionControl({
    limits: { ...defaultLimits, ...limits },
    openConnections: connections,
  })
  return {
    connections,
    wheel,
    access: { whyNoLongerValid: () => null },
    admissions: admission,
    pass(seconds: number): void {
      nowMs += seconds * 1000
      wheel.turn()
    },
    open(client: Client, user?: string): Connection {
      const connection: Connection = {
        number: 0,
        transport: "websocket",
        protocol: "laba",
        channels: [],
        user,
        client,
        direct: () => true,
        disconnect: () => undefined,
        sendAway: () => undefined,
      }
      connections.add(connection)
      return connection
    },
  }
}

const full = expect.objectContaining({ code: "too_many_connections" })

describe("a reservation", () => {
  test("counts from the moment on that it was asked for, in all, by address and by user", async () => {
    const t = start({ connectionsMax: 3, connectionsPerAddressMax: 2, connectionsPerUserMax: 1 })
    const first = await t.admissions.connect("203.0.113.7")
    const second = await t.admissions.connect("203.0.113.7")
    expect(t.admissions.connect("203.0.113.7")).rejects.toEqual(full)
    const third = await t.admissions.connect("203.0.113.8")
    expect(t.admissions.connect(null)).rejects.toEqual(full)
    t.admissions.reserveFor("ann", first)
    expect(() => t.admissions.reserveFor("ann", second)).toThrow()
    expect(() => t.admissions.checkUser("ann")).toThrow()
    for (const one of [first, second, third, third]) one.release()
    t.admissions.reserveFor("ann", await t.admissions.connect(null))
    await t.admissions.connect("203.0.113.7")
  })

  test("is one of the user whom the application names, and no longer of the one before", async () => {
    const t = start({ connectionsPerUserMax: 1 })
    const reservation = await t.admissions.connect(null)
    t.admissions.reserveFor("ann", reservation)
    t.admissions.reserveFor("ann", reservation)
    t.admissions.reserveFor("bob", reservation)
    t.admissions.checkUser("ann")
    expect(() => t.admissions.checkUser("bob")).toThrow()
  })
})

describe("somebody on their way in", () => {
  test("is counted once when they are there, and not at all when they are gone", async () => {
    const t = start({ connectionsMax: 1, connectionsPerAddressMax: 1, connectionsPerUserMax: 1 })
    for (let round = 0; round < 2; round++) {
      const reservation = await t.admissions.connect("203.0.113.7")
      t.admissions.reserveFor("ann", reservation)
      const client = makeClient({
        identity: userIdentity("ann"),
        addressUsage: reservation.addressUsage,
        context: t,
      })
      const connection = t.open(new PendingConnection({ client, reservation, wheel: t.wheel }), "ann")
      expect(connection.client).toBe(client)
      expect(t.admissions.connect("203.0.113.7")).rejects.toEqual(full)
      expect(() => t.admissions.checkUser("ann")).toThrow()
      t.pass(60)
      expect(reservation.addressUsage?.connections).toBe(1)
      t.connections.remove(connection)
      t.admissions.checkUser("ann")
      expect(reservation.addressUsage?.connections).toBe(0)
    }
  })

  test("and does not come gives back their place within half a minute", async () => {
    const t = start({ connectionsMax: 1 })
    const reservation = await t.admissions.connect(null)
    new PendingConnection({ client: anonymousClient, reservation, wheel: t.wheel })
    t.pass(29)
    expect(t.admissions.connect(null)).rejects.toEqual(full)
    t.pass(2)
    await t.admissions.connect(null)
  })

  test("and comes after that all the same leaves every count right", () => {
    const t = start()
    const usage = new AddressUsage("203.0.113.7")
    const pending = new PendingCounts()
    const reservation = new Reservation(pending, usage)
    reservation.nameUser("ann")
    const client = makeClient({ identity: userIdentity("ann"), addressUsage: usage, context: t })
    const arrival = new PendingConnection({ client, reservation, wheel: t.wheel })
    t.pass(31)
    expect([usage.connections, pending.size, pending.countOfUser("ann")]).toEqual([0, 0, 0])
    const connection = t.open(arrival, "ann")
    expect(usage.connections).toBe(1)
    t.connections.remove(connection)
    expect([usage.connections, pending.size]).toEqual([0, 0])
  })
})
