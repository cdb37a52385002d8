// The buyer's page: keeps what is known about one sale and one buyer true, and paints it. The truth is asked for once, then
// heard; whenever there is a doubt (a lost connection, a deadline that passed) it is asked for again.
import type { TicketRecord } from "../../model/record.ts"
import { ask, Refused, Unreachable } from "../ask.ts"
import { startLanguage } from "../language.ts"
import { reachableLaba } from "../reachable-laba.ts"
import { ServerClock } from "../server-clock.ts"
import type { SaleView, Standing, TicketView } from "../views.ts"
import { type Click, enter } from "./click.ts"
import { guestName, Identities, type Identity } from "./identity.ts"
import { type Choice, Listening } from "./listening.ts"
import { Painter } from "./painter.ts"
import { remembered } from "../remembered.ts"
import { type Facts, type Scene, sceneOf } from "./scene.ts"
import { Seat } from "./seat.ts"
import { WaitShown } from "./wait-shown.ts"
import { wish } from "./wishes.ts"
import type { phrases } from "./words.ts"

/** The display moves so often. */
const tickMs = 250

/** While Laba cannot be heard, the truth is asked for so often. */
const askMs = 3000

/** Somebody who has waited so long is asked whether to go on. */
const keepMs = 90_000

const clickName = (sale: string): string => `click ${sale}`

class BuyerPage {
  private readonly clock = new ServerClock()
  private readonly identities = new Identities(ask)
  private readonly wait = new WaitShown()
  private readonly painter: Painter
  private readonly saleId: string
  private seat: Seat
  private sale: SaleView | null | undefined
  private standing: Standing | null = null
  private identity: Identity | null = null
  private listening: Listening | null = null
  private click: Click = { kind: "none" }
  private callOff: (() => void) | null = null
  private refreshing: Promise<void> | null = null
  private refreshAgain = false
  private askedAt = 0
  private isAway = false
  private keepAt = Infinity
  private keepAsked = false
  private payingNumber: number | null = null
  private notice: keyof typeof phrases | null = null

  constructor(saleId: string) {
    this.saleId = saleId
    this.seat = new Seat(saleId)
    this.painter = new Painter({
      primary: () => void this.primary(),
      secondary: () => this.secondary(),
      keepWaiting: () => this.answerKeep(),
      leave: () => void this.grant("leave"),
      choose: (choice) => this.choose(choice),
      rename: (name) => void this.become(name),
    })
    startLanguage(() => this.paint())
  }

  async start(): Promise<void> {
    setInterval(() => this.tick(), tickMs)
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) void this.syncClock().catch(() => {})
      if (!document.hidden) this.doubt()
    })
    await this.reach(() => this.syncClock())
    await this.refresh()
    if (!this.sale) return
    const identity = await this.reach(() => this.identities.current())
    if (identity) this.settleIn(identity)
    else await this.become(guestName())
    const key = remembered("session").get(clickName(this.saleId))
    // A click that was on its way when the page was reloaded goes on under its key.
    if (key !== null) void this.enterQueue(key)
  }

  private get facts(): Facts {
    const { sale, standing, click, seat } = this
    return { sale, standing, click, ticket: seat.ticket, isTaken: seat.isTaken, now: this.clock.now() }
  }

  private syncClock(): Promise<void> {
    return this.clock.sync(async () => (await ask<{ now: number }>("GET", "/api/clock")).now)
  }

  /** Tries until the shop answers. What it refuses is thrown on. */
  private async reach<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        const answer = await work()
        this.isAway = false
        return answer
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error
        this.isAway = true
        this.paint()
        await new Promise((wake) => setTimeout(wake, Math.random() * Math.min(5000, 300 * 2 ** tries)))
      }
    }
  }

  private async become(name: string): Promise<void> {
    if (this.seat.isTaken || name === this.identity?.user || name === "") return
    try {
      const identity = await this.reach(() => this.identities.logIn(name))
      if (identity) this.settleIn(identity)
      else this.painter.needsLogin()
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      this.notice = "badName"
    }
    this.paint()
  }

  private async logInAgain(user: string): Promise<void> {
    this.identity = null
    const identity = await this.identities.logIn(user)
    if (identity) this.settleIn(identity)
    else this.painter.needsLogin()
  }

  /** Listens as this buyer from now on. */
  private settleIn(identity: Identity): void {
    this.identity = identity
    this.seat = new Seat(this.saleId)
    this.notice = null
    this.listening?.close()
    this.listening = new Listening(
      {
        laba: reachableLaba(identity.laba, location.hostname),
        sale: this.saleId,
        user: identity.user,
        token: async () => (await this.identities.listen()).token,
        heardRecord: (record) => this.take(record),
        heardStanding: (standing) => this.hearStanding(standing),
        doubt: () => this.doubt(),
        stateChanged: () => this.paint(),
      },
      this.choice,
    )
    this.doubt()
  }

  private get choice(): Choice {
    const chosen = remembered("browser").get("transport")
    return chosen === "websocket" || chosen === "sse" || chosen === "poll" ? chosen : "auto"
  }

  private choose(choice: Choice): void {
    remembered("browser").set("transport", choice)
    this.listening?.choose(choice)
  }

  private take(record: unknown): void {
    const before = this.seat.ticket
    if (!this.seat.take(record)) return
    const { ticket } = this.seat
    if (ticket?.state !== before?.state) {
      this.keepAt = this.clock.now() + keepMs
      this.keepAsked = false
    }
    if (ticket?.order?.state !== before?.order?.state) this.notice = null
    this.paint()
  }

  private hearStanding(standing: Standing): void {
    if (this.standing && standing.at < this.standing.at) return
    const isNewPhase = this.standing !== null && this.standing.phase !== standing.phase
    this.standing = standing
    // The operator may have opened it before its time, or paused it.
    if (isNewPhase) this.doubt()
    this.paint()
  }

  /** What is shown may not be so any more: ask. One question at a time, and one more when it came during the last. */
  private doubt(): void {
    if (this.refreshing) this.refreshAgain = true
    else void this.refresh()
  }

  private refresh(): Promise<void> {
    this.refreshing ??= this.askAll().finally(() => {
      this.refreshing = null
      if (this.refreshAgain) this.doubt()
      this.refreshAgain = false
    })
    return this.refreshing
  }

  private async askAll(): Promise<void> {
    this.askedAt = performance.now()
    const path = `/api/sales/${encodeURIComponent(this.saleId)}`
    try {
      this.sale = await this.reach(() => ask<SaleView>("GET", path))
      this.hearStanding(this.sale.standing)
      if (this.identity) await this.askTicket(`${path}/ticket`)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      if (error.code === "not_found") this.sale = null
      // The login has run out. Where it is by name, the same name is the same buyer.
      else if (error.status === 401 && this.identity) await this.logInAgain(this.identity.user)
    }
    this.paint()
  }

  private async askTicket(path: string): Promise<void> {
    const { seat } = this
    try {
      const view = await this.reach(() => this.identities.asBuyer<TicketView>("GET", path))
      // Somebody else may have logged in meanwhile.
      if (seat !== this.seat) return
      this.wait.promise(view.turn, view.etaSeconds, this.clock.now())
      this.take(view)
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== "no_ticket") throw error
    }
  }

  private tick(): void {
    const scene = this.paint()
    const sinceAsked = performance.now() - this.askedAt
    const isDeaf = this.listening !== null && this.listening.state !== "open"
    // A deadline has passed and no word came: it is on its way, or was lost with a connection that looks alive.
    const isDue = scene.name === "settling" || (scene.name === "queued" && scene.position === 0)
    if (sinceAsked > askMs && (isDeaf || isDue)) this.doubt()
    if (this.clock.now() > this.keepAt && (scene.name === "queued" || scene.name === "waitlisted"))
      this.keepAsked = true
  }

  private async primary(): Promise<void> {
    const { name, mayEnter } = sceneOf(this.facts)
    if (name === "won" || name === "offered") return this.pay()
    if (!mayEnter || this.callOff) return
    const key = crypto.getRandomValues(new Uint32Array(4)).join("-")
    remembered("session").set(clickName(this.saleId), key)
    await this.enterQueue(key)
  }

  private secondary(): void {
    const { name } = sceneOf(this.facts)
    if (name === "knocking") this.callOff?.()
    else if (name === "won" || name === "offered") void this.grant("cancel")
    else this.keepAsked = !this.keepAsked
    this.paint()
  }

  private answerKeep(): void {
    this.keepAsked = false
    this.keepAt = this.clock.now() + keepMs
    this.paint()
  }

  private async enterQueue(key: string): Promise<void> {
    const { sale } = this
    if (!sale || this.callOff) return
    const stop = Promise.withResolvers<never>()
    stop.promise.catch(() => {})
    this.callOff = () => stop.reject(new CalledOff())
    try {
      const entered = await enter({
        ask: this.identities.asBuyer,
        sale: this.saleId,
        item: this.painter.item ?? sale.items[0]?.id ?? "",
        key,
        startsAt: () => this.sale?.startsAt ?? sale.startsAt,
        jitterMs: sale.jitterMs,
        now: () => this.clock.now(),
        random: Math.random,
        pause: (ms) => Promise.race([stop.promise, new Promise<void>((wake) => setTimeout(wake, ms))]),
        said: (click) => {
          this.click = click
          this.paint()
        },
      })
      this.click = { kind: "none" }
      if ("held" in entered) this.take(entered.held)
      else if ("refused" in entered)
        this.click = { kind: "refused", code: entered.refused, mayRetry: entered.refused !== "SOLD_OUT" }
      else this.admitted(entered.admission)
    } catch (error) {
      const code = error instanceof CalledOff ? "called_off" : error instanceof Refused ? error.code : null
      if (code === null) throw error
      this.click = { kind: "refused", code, mayRetry: true }
    } finally {
      this.callOff = null
      remembered("session").forget(clickName(this.saleId))
      this.doubt()
    }
  }

  /** In: until its record comes, what was answered is the truth. */
  private admitted(admission: {
    item: string
    number: number
    position: number | null
    etaSeconds: number | null
    admittedAt: number
  }): void {
    const { item, number, position, etaSeconds, admittedAt } = admission
    // Who has a position at once came after any draw, and those are served by number.
    const turn = position === null ? null : number
    const record: TicketRecord = {
      ...{ sale: this.saleId, item, number, turn, state: "queued", version: -1, order: null },
      at: admittedAt,
    }
    this.take(record)
    this.wait.promise(turn, etaSeconds, this.clock.now())
  }

  private async pay(): Promise<void> {
    // Opened within the press: later, browsers think that it is an advertisement.
    const tab = open("about:blank", "_blank")
    const granted = await this.grant("pay")
    if (!granted || !("payUrl" in granted) || !/^https?:/.test(granted.payUrl)) {
      tab?.close()
      return
    }
    this.payingNumber = this.seat.ticket?.number ?? null
    if (tab) {
      tab.opener = null
      tab.location.replace(granted.payUrl)
    } else location.assign(granted.payUrl)
    this.notice = "paying"
    this.paint()
  }

  private async grant(wanted: "pay" | "cancel" | "leave") {
    this.keepAsked = false
    try {
      const granted = await wish(
        {
          ask: this.identities.asBuyer,
          sale: this.saleId,
          say: async (what) => (await this.listening?.say(what)) ?? null,
        },
        wanted,
      )
      this.notice = null
      if ("ticket" in granted) this.take(granted.ticket)
      if ("failed" in granted) this.notice = granted.failed === "provider_away" ? "providerAway" : "notDone"
      this.doubt()
      return granted
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
      this.notice = "shopAway"
      return null
    } finally {
      this.paint()
    }
  }

  private paint(): Scene {
    const { facts, standing, listening } = this
    const scene = sceneOf(facts)
    const turn = facts.ticket?.turn ?? null
    const etaSeconds =
      scene.name === "queued" && standing && turn !== null
        ? this.wait.seconds(turn, standing, facts.now)
        : null
    this.painter.paint({
      scene,
      facts,
      etaSeconds,
      user: this.identity?.user ?? null,
      keepAsked:
        this.keepAsked &&
        (scene.name === "queued" || scene.name === "waitlisted" || scene.name === "drawing"),
      isPaying: this.payingNumber !== null && this.payingNumber === facts.ticket?.number,
      notice: this.isAway ? "shopAway" : standing?.phase === "paused" ? "paused" : this.notice,
      connection: {
        state: listening?.state ?? "connecting",
        transport: listening?.transport ?? null,
        choice: this.choice,
      },
    })
    return scene
  }
}

class CalledOff extends Error {}

/** The sale that the address names, else the one that is worth looking at: open, or next. */
async function saleToShow(): Promise<string> {
  const named = /^\/sales\/([^/]+)/.exec(location.pathname)?.[1]
  if (named !== undefined) return decodeURIComponent(named)
  const { sales } = await ask<{ sales: SaleView[] }>("GET", "/api/sales")
  const alive = sales.filter(
    ({ standing }) => standing.phase !== "closed" && !standing.items.every((item) => item.gone),
  )
  const best = alive.toSorted((a, b) => a.startsAt - b.startsAt)[0] ?? sales.at(-1)
  return best?.id ?? "-"
}

async function startPage(): Promise<void> {
  for (;;) {
    try {
      const page = new BuyerPage(await saleToShow())
      return await page.start()
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
      await new Promise((wake) => setTimeout(wake, 1000 + Math.random() * 2000))
    }
  }
}

void startPage()
