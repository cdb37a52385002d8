// The buyer's page: puts together what is known, what is pressed and what is shown. Every way a person can go through a
// sale passes here; what is true is in truth.ts, what it looks like in scene.ts and painter.ts.
import type { TicketRecord } from "../../model/wire/api.ts"
import { ask, Refused, Unreachable } from "../ask.ts"
import { onLanguageChange } from "../../../kit/browser/language.ts"
import { reachableUrl } from "../../../kit/http/reachable-url.ts"
import { remembered } from "../remembered.ts"
import { ServerClock } from "../server-clock.ts"
import type { AdmissionView } from "../../model/wire/api.ts"
import { firstChoice } from "./chosen-item.ts"
import { type Click, enter } from "./click.ts"
import { guestName, Identities, type Identity } from "./identity.ts"
import { type Choice, Listening } from "./listening.ts"
import { Painter } from "./painter.ts"
import { type PendingClick, PendingClicks } from "./pending-click.ts"
import { type Facts, type Scene, type SceneName, sceneOf } from "./scene.ts"
import { shownSale } from "./shown-sale.ts"
import { Truth } from "./truth.ts"
import { type Granted, wish } from "./wishes.ts"
import type { phrases } from "./words.ts"

/** The display moves so often. */
const tickMs = 250

/** While Laba cannot be heard, the truth is asked for so often. */
const askMs = 3000

/** Somebody who has waited so long is asked whether to go on. */
const keepMs = 90_000

/** On a wait-list the place is asked for so often at most, when something has moved on it. */
const placeMs = 15_000

/** An address of the shop's own machine, by the name that this page was opened by. */
const here = (url: string): string => reachableUrl(url, location.hostname)

class BuyerPage {
  private readonly clock = new ServerClock()
  private readonly identities = new Identities(ask)
  private readonly painter: Painter
  private readonly saleId: string
  private readonly truth: Truth
  private readonly pending: PendingClicks
  /** Of several items the one that this tab would buy. */
  private wanted: string | null
  private identity: Identity | null = null
  private listening: Listening | null = null
  private click: Click = { kind: "none" }
  private callOff: (() => void) | null = null
  /** What of the ticket was painted last. */
  private stood = ""
  /** How many were on the wait-list when the place on it was asked for last. */
  private waitlistedThen = 0
  private keepAt = Infinity
  private keepAsked = false
  private payingNumber: number | null = null
  private notice: keyof typeof phrases | null = null

  constructor(saleId: string) {
    this.saleId = saleId
    this.pending = new PendingClicks(saleId)
    this.wanted = this.pending.wanted
    this.truth = new Truth({
      sale: saleId,
      clock: this.clock,
      asBuyer: this.identities.asBuyer,
      changed: () => this.paint(),
      loggedOut: () => void this.logInAgain(),
    })
    this.painter = new Painter({
      primary: () => void this.primary(),
      secondary: () => this.secondary(),
      keepWaiting: () => this.answerKeep(),
      leave: () => void this.grant("leave"),
      choose: (choice) => this.choose(choice),
      want: (item) => this.want(item),
      rename: (name) => void this.become(name),
    })
    onLanguageChange(() => this.paint())
  }

  async start(): Promise<void> {
    setInterval(() => this.tick(), tickMs)
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) void this.syncClock().catch(() => {})
      if (!document.hidden) this.truth.doubt()
    })
    await this.truth.reach(() => this.syncClock())
    await this.truth.refresh()
    if (!this.truth.sale) return
    const identity = await this.truth.reach(() => this.identities.current())
    if (identity) this.settleIn(identity)
    else await this.become(guestName())
    const { click } = this.pending
    // A click that was on its way when the page was reloaded goes on under its key, for its item.
    if (click) void this.enterQueue(click)
  }

  private get facts(): Facts {
    const { sale, standing, seat } = this.truth
    const { isTicketKnown, waitPlace } = this.truth
    const known = { sale, standing, ticket: seat.ticket, isTaken: seat.isTaken, isTicketKnown, waitPlace }
    // What is chosen at first stays chosen, whatever is sold meanwhile: another item must not slip under the thumb.
    this.wanted ??= isTicketKnown ? firstChoice({ ...known, wanted: null }) : null
    return { ...known, click: this.click, wanted: this.wanted, now: this.clock.now() }
  }

  private syncClock(): Promise<void> {
    return this.clock.sync(async () => (await ask<{ now: number }>("GET", "/api/clock")).now)
  }

  /** Another name, while nothing is held under this one. */
  private async become(name: string): Promise<void> {
    if (name !== "" && name !== this.identity?.user && !this.truth.seat.isTaken) await this.logIn(name)
  }

  /** Where the login is by name, the same name is the same buyer. */
  private async logInAgain(): Promise<void> {
    const { identity } = this
    this.identity = null
    if (identity) await this.logIn(identity.user)
  }

  private async logIn(name: string): Promise<void> {
    try {
      const identity = await this.truth.reach(() => this.identities.logIn(name))
      if (identity) this.settleIn(identity)
      else this.lookOnly()
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      this.notice = "badName"
    }
    this.paint()
  }

  /** The shop has a login of its own, and nobody is logged in. */
  private lookOnly(): void {
    this.painter.needsLogin()
    this.truth.begin(false)
  }

  /** Listens as this buyer from now on. */
  private settleIn(identity: Identity): void {
    this.identity = identity
    this.notice = null
    this.listening?.close()
    this.listening = new Listening(
      {
        laba: here(identity.laba),
        sale: this.saleId,
        user: identity.user,
        token: async () => (await this.identities.listen()).token,
        heardRecord: (record) => this.truth.take(record),
        heardStanding: (standing) => this.truth.hear(standing),
        doubt: () => this.truth.doubt(),
        stateChanged: () => this.paint(),
      },
      this.choice,
    )
    this.truth.begin(true)
  }

  private want(item: string): void {
    this.wanted = item
    this.pending.keepWanted(item)
    // What was refused was refused for another one.
    if (this.click.kind === "refused") this.click = { kind: "none" }
    this.paint()
  }

  private get choice(): Choice {
    const chosen = remembered("browser").get("transport")
    return chosen === "websocket" || chosen === "sse" || chosen === "poll" ? chosen : "auto"
  }

  private choose(choice: Choice): void {
    remembered("browser").set("transport", choice)
    this.listening?.choose(choice)
  }

  private tick(): void {
    const scene = this.paint()
    const isDeaf = this.listening !== null && this.listening.state !== "open"
    // A deadline has passed and no word came: it is on its way, or was lost with a connection that looks alive.
    const isDue = scene.name === "settling" || (scene.name === "queued" && scene.position === 0)
    if (this.truth.ageMs > askMs && (isDeaf || isDue)) this.truth.doubt()
    if (isDeaf) this.followLaba()
    if (scene.name === "waitlisted") this.followWaitList()
    if (this.clock.now() > this.keepAt && (scene.name === "queued" || scene.name === "waitlisted"))
      this.keepAsked = true
  }

  /** Laba may be at another address after a start, which only a page that is loaded anew may reach. */
  private followLaba(): void {
    const { sale } = this.truth
    if (sale && this.identity && sale.listen.laba !== this.identity.laba) location.reload()
  }

  /** Places move when units come back and when people leave; nobody tells each who waits. */
  private followWaitList(): void {
    const moved = this.truth.standing?.waitlisted ?? 0
    if (moved === this.waitlistedThen || this.truth.ageMs < placeMs) return
    this.waitlistedThen = moved
    this.truth.doubt()
  }

  private async primary(): Promise<void> {
    const { name, mayEnter, item } = sceneOf(this.facts)
    if (name === "won" || name === "offered") return this.pay()
    if (!mayEnter || item === null || this.callOff) return
    this.wanted = item
    const key = crypto.getRandomValues(new Uint32Array(4)).join("-")
    await this.enterQueue(this.pending.begin({ key, item }))
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

  private async enterQueue({ key, item }: PendingClick): Promise<void> {
    const { sale } = this.truth
    if (!sale || this.callOff) return
    const stop = Promise.withResolvers<never>()
    stop.promise.catch(() => {})
    this.callOff = () => stop.reject(new CalledOff())
    try {
      const entered = await enter({
        ask: this.identities.asBuyer,
        sale: this.saleId,
        item: sale.items.length === 1 ? null : item,
        key,
        startsAt: () => this.truth.sale?.startsAt ?? sale.startsAt,
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
      if ("held" in entered) this.truth.take(entered.held)
      else if ("refused" in entered) {
        if (entered.refused === "SOLD_OUT") this.truth.noteSoldOut(item)
        this.click = { kind: "refused", code: entered.refused, mayRetry: entered.refused !== "NO_SUCH_ITEM" }
      } else this.admitted(entered.admission)
    } catch (error) {
      const code = error instanceof CalledOff ? "called_off" : error instanceof Refused ? error.code : null
      if (code === null) throw error
      this.click = { kind: "refused", code, mayRetry: true }
    } finally {
      this.callOff = null
      this.pending.end()
      this.truth.doubt()
    }
  }

  /** In: until its record comes, what was answered is the truth. */
  private admitted(admission: AdmissionView): void {
    const { item, number, position, etaSeconds, admittedAt } = admission
    // Who has a position at once came after any draw, and those are served by number.
    const turn = position === null ? null : number
    const record: TicketRecord = {
      ...{ sale: this.saleId, item, number, turn, state: "queued", version: -1, order: null },
      at: admittedAt,
    }
    this.truth.take(record)
    this.truth.wait.promise(turn, etaSeconds, this.clock.now())
  }

  private async pay(): Promise<void> {
    // Opened within the press: later, browsers think that it is an advertisement.
    const tab = open("about:blank", "_blank")
    const granted = await this.grant("pay")
    if (!granted || !("payUrl" in granted) || !/^https?:/.test(granted.payUrl)) {
      tab?.close()
      return
    }
    const payUrl = here(granted.payUrl)
    this.payingNumber = this.truth.seat.ticket?.number ?? null
    if (tab) {
      tab.opener = null
      tab.location.replace(payUrl)
    } else location.assign(payUrl)
    this.notice = "paying"
    this.paint()
  }

  /** Null when the shop cannot be reached. */
  private async grant(wanted: "pay" | "cancel" | "leave"): Promise<Granted | null> {
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
      if ("ticket" in granted) this.truth.take(granted.ticket)
      if ("failed" in granted) this.notice = granted.failed === "provider_away" ? "providerAway" : "notDone"
      this.truth.doubt()
      return granted
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
      this.notice = "shopAway"
      return null
    } finally {
      this.paint()
    }
  }

  /** A ticket or an order in another state: what was said about the last one does not hold for it. */
  private noteNews({ ticket, now }: Facts): void {
    const stands = ticket ? `${ticket.number} ${ticket.state} ${ticket.order?.state}` : ""
    if (stands === this.stood) return
    this.stood = stands
    this.keepAt = now + keepMs
    this.keepAsked = false
    this.notice = null
  }

  private noticeOf({ name }: Scene): keyof typeof phrases | null {
    if (this.truth.isAway) return "shopAway"
    if (this.truth.standing?.phase !== "paused") return this.notice
    if (inLine.has(name)) return "pausedKept"
    return name === "open" || name === "knocking" ? "paused" : this.notice
  }

  private paint(): Scene {
    const { facts, listening } = this
    const { standing } = this.truth
    const scene = sceneOf(facts)
    this.noteNews(facts)
    const turn = facts.ticket?.turn ?? null
    const waits = scene.name === "queued" && standing && turn !== null
    const etaSeconds = waits ? this.truth.wait.seconds(turn, standing, facts.now) : null
    const isLate = waits ? this.truth.wait.isLate(turn, standing, facts.now) : false
    this.painter.paint({
      scene,
      facts,
      etaSeconds,
      isLate,
      user: this.identity?.user ?? null,
      keepAsked: this.keepAsked && inLine.has(scene.name),
      isPaying: this.payingNumber !== null && this.payingNumber === facts.ticket?.number,
      notice: this.noticeOf(scene),
      connection: {
        state: listening?.state ?? "connecting",
        transport: listening?.transport ?? null,
        choice: this.choice,
      },
    })
    return scene
  }
}

const inLine: ReadonlySet<SceneName> = new Set<SceneName>(["drawing", "queued", "waitlisted"])

class CalledOff extends Error {}

async function startPage(): Promise<void> {
  for (;;) {
    try {
      const page = new BuyerPage(await shownSale())
      return await page.start()
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
      await new Promise((wake) => setTimeout(wake, 1000 + Math.random() * 2000))
    }
  }
}

void startPage()
