import { describe, expect, test } from "bun:test"
import { LabaError } from "../../../wire/error.ts"
import { anyone, type Identity, userIdentity } from "../../access/access.ts"
import { AddressUsage } from "../../access/limits/reservation.ts"
import type { Connection, Client } from "./connection.ts"
import { Connections } from "./connections.ts"
import { makeClient, renewClient, anonymousClient } from "./client.ts"
import { TimerWheel } from "../timer-wheel.ts"

class FakeConnection implements Connection {
  number = 0
  readonly transport = "websocket"
  readonly protocol = "laba"
  readonly channels = []
  user = undefined
  readonly heard: string[] = []
  client: Client

  constructor(client: Client) {
    this.client = client
  }

  direct(): boolean {
    return true
  }

  disconnect(error: LabaError): void {
    this.heard.push(error.code)
  }

  expiring(seconds: number): void {
    this.heard.push(`expiring ${seconds}`)
  }

  sendAway(): void {}
}

class Stage {
  nowMs = 0
  /** How far the date was set ahead, or back. */
  dateShiftMs = 0
  readonly wheel = new TimerWheel({ now: () => this.nowMs, manual: true })
  readonly connections = new Connections("node")
  /** Why nobody is good any more, whatever their time. */
  revoked: LabaError | null = null
  readonly context = {
    wheel: this.wheel,
    access: { whyNoLongerValid: (who: Identity) => this.whyNoLongerValid(who) },
  }

  open(lifeSeconds: number, usage: AddressUsage | null = null): FakeConnection {
    const identity = { ...userIdentity("1001"), expiresAtMs: this.dateMs + lifeSeconds * 1000 }
    const client = makeClient({
      identity,
      addressUsage: usage,
      context: this.context,
      now: () => this.dateMs,
      monotonic: () => this.nowMs,
    })
    const connection = new FakeConnection(client)
    this.connections.add(connection)
    return connection
  }

  private whyNoLongerValid(identity: Identity): LabaError | null {
    if (this.revoked) return this.revoked
    const isOver = identity.kind === "token" && identity.expiresAtMs <= this.dateMs
    return isOver ? new LabaError("token_expired", "over") : null
  }

  private get dateMs(): number {
    return this.nowMs + this.dateShiftMs
  }

  pass(seconds: number): void {
    for (let i = 0; i < seconds * 10; i++) {
      this.nowMs += 100
      this.wheel.turn()
    }
  }
}

describe("a client with a token", () => {
  test("is warned half a minute before its end, and then sent away", () => {
    const stage = new Stage()
    const connection = stage.open(120)
    stage.pass(89)
    expect(connection.heard).toEqual([])
    stage.pass(2)
    expect(connection.heard).toEqual(["expiring 30"])
    stage.pass(30)
    expect(connection.heard).toEqual(["expiring 30", "token_expired"])
  })

  test("is warned at half its time when that is short", () => {
    const stage = new Stage()
    const connection = stage.open(20)
    stage.pass(10.1)
    expect(connection.heard).toEqual(["expiring 10"])
  })

  test("gains nothing when the date is set back, and is ended at the next look when it is set ahead", () => {
    const back = new Stage()
    const gains = back.open(120)
    back.pass(10)
    back.dateShiftMs = -3_600_000
    back.pass(81)
    expect(gains.heard).toEqual(["expiring 30"])
    back.pass(30)
    expect(gains.heard).toEqual(["expiring 30", "token_expired"])
    const ahead = new Stage()
    const loses = ahead.open(120)
    ahead.dateShiftMs = 3_600_000
    ahead.pass(91)
    expect(loses.heard).toEqual(["token_expired"])
  })

  test("stays by a new one, and is counted once", () => {
    const stage = new Stage()
    const usage = new AddressUsage("203.0.113.7")
    const connection = stage.open(60, usage)
    renewClient(connection, { ...userIdentity("1001"), expiresAtMs: Number.POSITIVE_INFINITY }, stage.context)
    stage.pass(120)
    expect(connection.heard).toEqual([])
    expect([usage.connections, connection.client.addressGroup]).toEqual([1, "203.0.113.7"])
    stage.connections.remove(connection)
    stage.connections.remove(connection)
    expect(usage.connections).toBe(0)
  })

  test("that was revoked on its way in is sent away", () => {
    const stage = new Stage()
    stage.revoked = new LabaError("unauthorized", "revoked")
    const connection = stage.open(Number.POSITIVE_INFINITY)
    stage.pass(1)
    expect(connection.heard).toEqual(["unauthorized"])
  })

  test("stays while nobody can say whether it may", () => {
    const stage = new Stage()
    stage.revoked = new LabaError("keys_unavailable", "not now")
    const connection = stage.open(Number.POSITIVE_INFINITY)
    stage.pass(1)
    expect(connection.heard).toEqual([])
  })

  test("that has gone is left alone", () => {
    const stage = new Stage()
    const connection = stage.open(5)
    stage.connections.remove(connection)
    stage.pass(10)
    expect(connection.heard).toEqual([])
  })
})

test("all who show nothing and come from this machine are one client", () => {
  expect(makeClient({ identity: anyone, addressUsage: null, context: new Stage().context })).toBe(
    anonymousClient,
  )
})
