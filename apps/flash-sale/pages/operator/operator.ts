// The operator's page: looks once a second how the chosen sale stands, and does what is pressed. A shop that dies meanwhile
// is looked for until it is back.
import { ask as askShop, type Ask, Refused, Unreachable } from "../ask.ts"
import { count } from "../figures.ts"
import { type Bilingual, onLanguageChange, localize } from "../../../kit/browser/language.ts"
import type { CurvesView, OperatorView, SaleView } from "../../model/wire/api.ts"
import type { DemoView } from "../../demo/crowd-settings.ts"
import { Curves, Histogram } from "./charts.ts"
import { forgetKey, keepKey, keyInAddress, knownKey } from "./key.ts"
import { startNewSale } from "./new-sale.ts"
import {
  find,
  paintCrowd,
  paintHead,
  paintPromises,
  paintResults,
  paintStock,
  paintTiles,
  write,
} from "./panels.ts"
import { type Refunds, startRefunds } from "./refunds.ts"
import { Series } from "../../model/series.ts"

const lookMs = 1000

/** While the shop is away it is looked for more often: how long it was away is worth seeing. */
const lookAwayMs = 150

class OperatorPage {
  private key: string | null = knownKey()
  private saleId: string | null = null
  private view: OperatorView | null = null
  private demo: DemoView | null = null
  /** Whether the shop was started as a demo: unknown until it was asked. */
  private isDemo = true
  private weatherShown = false
  private killed: { readonly at: number; readonly tickets: number; readonly bornAt: number } | null = null
  private refunds: Refunds | null = null
  private currencies: ReadonlyMap<string, string> = new Map()
  private readonly series = new Series()
  private readonly queue = new Curves("chart-queue", [
    { name: ["queue", "排队"], color: "--red" },
    { name: ["wait-list", "候补"], color: "--lamp" },
  ])
  private readonly rates = new Curves("chart-rates", [
    { name: ["tickets", "取号"], color: "--red" },
    { name: ["turns", "处理"], color: "--lamp" },
    { name: ["sold", "售出"], color: "--good" },
  ])
  private readonly results = new Histogram("chart-results")

  private readonly ask: Ask = (method, path, asked = {}) =>
    askShop(method, path, {
      ...asked,
      headers: { ...asked.headers, Authorization: `Bearer ${this.key ?? ""}` },
    })

  start(): void {
    onLanguageChange(() => {
      this.queue.forget()
      this.rates.forget()
      this.paint()
    })
    find("login").addEventListener("submit", (event) => {
      event.preventDefault()
      this.key = find<HTMLInputElement>("key").value.trim()
      void this.enter()
    })
    find<HTMLSelectElement>("sale").addEventListener("change", (event) => {
      this.show((event.target as HTMLSelectElement).value)
    })
    startNewSale({
      ask: this.ask,
      now: () => this.shopNow(),
      made: ({ id }) => void this.list().then(() => this.show(id)),
    })
    this.startButtons()
    this.refunds = startRefunds({
      ask: this.ask,
      act: (said, work) => this.act(said, work),
      currencyOf: (sale) => this.currencies.get(sale),
    })
    // The address that the shop printed, opened in a tab that is here already, loads nothing: only what is behind the # changes.
    addEventListener("hashchange", () => {
      const key = keyInAddress()
      if (key === null) return
      this.key = key
      void this.enter()
    })
    if (this.key === null) find("login").hidden = false
    else void this.enter()
  }

  private heardAt = Date.now()
  private isLooking = false

  /** The shop's clock: sales start by it. */
  private shopNow(): number {
    return this.view ? this.view.now + Date.now() - this.heardAt : Date.now()
  }

  private async enter(): Promise<void> {
    try {
      await this.list()
      await this.look()
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      forgetKey()
      find("login").hidden = false
      find("main").hidden = true
      write(find("login-said"), error.message)
      return
    }
    if (this.key !== null) keepKey(this.key)
    find("login").hidden = true
    find("main").hidden = false
    find("pulse").hidden = false
    this.paint()
    if (!this.isLooking) void this.keepLooking()
  }

  private async list(): Promise<void> {
    const { sales } = await this.untilAnswered(() => this.ask<{ sales: SaleView[] }>("GET", "/api/sales"))
    const select = find<HTMLSelectElement>("sale")
    this.currencies = new Map(sales.map(({ id, currency }) => [id, currency]))
    select.replaceChildren(...sales.toReversed().map(({ id, title }) => new Option(`${title} (${id})`, id)))
    this.saleId ??=
      sales.findLast(({ standing }) => standing.phase !== "closed")?.id ?? sales.at(-1)?.id ?? null
    if (this.saleId !== null) select.value = this.saleId
  }

  private show(id: string): void {
    this.saleId = id
    find<HTMLSelectElement>("sale").value = id
    this.series.clear()
    void this.look().catch((error: unknown) => this.complain(error))
  }

  private async keepLooking(): Promise<void> {
    this.isLooking = true
    for (;;) {
      let pauseMs = this.killed ? lookAwayMs : lookMs
      try {
        await this.look()
        find("pulse").dataset["state"] = "here"
      } catch (error) {
        if (!(error instanceof Unreachable)) this.complain(error)
        else pauseMs = lookAwayMs
        find("pulse").dataset["state"] = "away"
      }
      this.paint()
      await new Promise((wake) => setTimeout(wake, pauseMs))
    }
  }

  private async look(): Promise<void> {
    const { saleId } = this
    if (this.isDemo) this.demo = await this.askDemo()
    await this.refunds?.look()
    if (saleId === null) return
    const view = await this.ask<OperatorView>("GET", `/api/operator/sales/${encodeURIComponent(saleId)}`)
    if (saleId !== this.saleId) return
    this.view = view
    this.heardAt = Date.now()
    const { queued, waitlisted, served, items } = view.standing
    const sold = items.reduce((sum, item) => sum + item.sold, 0)
    const at = view.now / 1000
    if (this.series.lacks(at)) {
      const { samples } = await this.ask<CurvesView>(
        "GET",
        `/api/operator/sales/${encodeURIComponent(saleId)}/curves`,
      )
      if (saleId !== this.saleId) return
      this.series.catchUp(samples)
    }
    this.series.add({ at, queued, waitlisted, served, sold, tickets: view.tickets })
    this.noteRevival(view)
  }

  /** Null, and then never asked again, in a shop that is none. */
  private async askDemo(): Promise<DemoView | null> {
    try {
      return await this.ask<DemoView>("GET", "/api/demo")
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 404) throw error
      this.isDemo = false
      return null
    }
  }

  /** The first answer after a death: nothing that anybody held may be missing. */
  private noteRevival(view: OperatorView): void {
    const { killed } = this
    if (!killed || !this.demo || this.demo.bornAt === killed.bornAt) return
    this.killed = null
    const seconds = ((Date.now() - killed.at) / 1000).toFixed(1)
    const [before, after] = [count(killed.tickets), count(view.tickets)]
    write(
      find("killed"),
      localize([
        `Back after ${seconds} s. Tickets before: ${before}, now: ${after}.`,
        `${seconds} 秒后恢复。之前的号 ${before} 个，现在 ${after} 个。`,
      ]),
    )
    find("killed").dataset["whole"] = String(view.tickets >= killed.tickets)
  }

  private startButtons(): void {
    const run = (path: string, said: Bilingual, method = "POST", body?: unknown) =>
      this.act(said, () =>
        this.ask(method, `/api/operator/sales/${encodeURIComponent(this.saleId ?? "")}/${path}`, { body }),
      )
    const number = (id: string): number | null => {
      const { value } = find<HTMLInputElement>(id)
      return value === "" ? null : Number(value)
    }
    const press = (id: string, work: () => Promise<unknown>): void =>
      find(id).addEventListener("click", () => void work())
    const submit = (id: string, work: () => Promise<unknown>): void =>
      find(id).addEventListener("submit", (event) => {
        event.preventDefault()
        void work()
      })
    press("open", () => run("open", ["It is open.", "已开始。"]))
    press("pause", () => run("pause", ["Paused.", "已暂停。"]))
    press("close", async () => {
      if (
        confirm(
          localize(["Close it for good? Everybody who waits is told.", "永久关闭？所有排队的人会收到通知。"]),
        )
      )
        await run("close", ["Closed.", "已关闭。"])
    })
    press("verify", () =>
      this.act(["The books were checked.", "已核对。"], () => this.ask("POST", "/api/operator/verify")),
    )
    press("csv", () => this.download())
    submit("start-form", () =>
      run("start", ["The start was moved.", "开始时间已修改。"], "PUT", {
        startsAt: Math.round(this.shopNow() + (number("start") ?? 0) * 1000),
      }),
    )
    submit("inflow-form", () =>
      run("inflow", ["The pace was changed.", "节奏已更改。"], "PUT", { perSecond: number("inflow") }),
    )
    submit("refund-form", () =>
      run(`orders/${number("refund")}/refund`, ["The money goes back.", "正在退款。"]),
    )
    submit("crowd-form", () =>
      this.act(["The crowd is coming.", "人群正在赶来。"], () =>
        this.ask("POST", "/api/demo/crowd", {
          body: { sale: this.saleId, buyers: number("buyers"), withinSeconds: number("within") },
        }),
      ),
    )
    submit("weather-form", () =>
      this.act(["The weather has changed.", "已设置。"], () =>
        this.ask("PUT", "/api/demo/weather", {
          body: {
            delayMsMax: number("delay") ?? 0,
            doubled: number("doubled") ?? 0,
            lost: number("lost") ?? 0,
            declined: number("declined") ?? 0,
            reordered: number("reordered") ?? 0,
          },
        }),
      ),
    )
    press("kill", () => this.kill())
  }

  private async kill(): Promise<void> {
    write(find("killed"), localize(["Killed. Looking for it…", "已杀死，等待恢复…"]))
    delete find("killed").dataset["whole"]
    this.killed = {
      at: Date.now(),
      tickets: this.view?.tickets ?? 0,
      bornAt: this.demo?.bornAt ?? 0,
    }
    await this.act(["", ""], () => this.ask("POST", "/api/demo/kill"))
  }

  private async act(said: Bilingual, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
      write(find("said"), localize(said))
      await this.look()
    } catch (error) {
      this.complain(error)
    }
    this.paint()
  }

  private async download(): Promise<void> {
    const path = `/api/operator/sales/${encodeURIComponent(this.saleId ?? "")}/orders.csv`
    const answer = await fetch(path, { headers: { Authorization: `Bearer ${this.key ?? ""}` } })
    const link = document.createElement("a")
    link.href = URL.createObjectURL(await answer.blob())
    link.download = `orders-${this.saleId}.csv`
    link.click()
    URL.revokeObjectURL(link.href)
  }

  private complain(error: unknown): void {
    write(
      find("said"),
      error instanceof Unreachable ? "" : error instanceof Error ? error.message : String(error),
    )
  }

  private async untilAnswered<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error
        await new Promise((wake) => setTimeout(wake, lookMs))
      }
    }
  }

  private paint(): void {
    const { view, demo } = this
    const isHere = find("pulse").dataset["state"] !== "away"
    write(find("pulse"), localize(isHere ? ["Live", "实时"] : ["Away, looking for it", "商店不在"]))
    find("demo").hidden = demo === null
    if (demo) {
      paintCrowd(demo)
      this.paintWeather(demo)
    }
    if (!view) {
      write(find("when"), localize(["There is no sale yet.", "还没有秒杀。"]))
      return
    }
    find("main").dataset["sale"] = view.id
    const now = this.shopNow()
    paintHead(view, now)
    paintStock(view)
    paintTiles(view)
    paintPromises(view, now)
    const { series } = this
    this.queue.draw(series.times, [series.levels("queued"), series.levels("waitlisted")])
    this.rates.draw(series.times, [series.rates("tickets"), series.rates("served"), series.rates("sold")])
    this.results.draw(view.timeToResult.boundsSeconds, view.timeToResult.counts)
    paintResults(view)
    const inflow = find<HTMLInputElement>("inflow")
    if (document.activeElement !== inflow && inflow.dataset["shown"] !== String(view.inflowPerSecond)) {
      inflow.dataset["shown"] = String(view.inflowPerSecond)
      inflow.value = view.inflowPerSecond === null ? "" : String(view.inflowPerSecond)
    }
  }

  /** Filled in once: what is being typed must not be overwritten each second. */
  private paintWeather({ weather }: DemoView): void {
    find("weather-form").hidden = weather === null
    if (weather === null || this.weatherShown) return
    this.weatherShown = true
    find<HTMLInputElement>("delay").value = String(weather.delayMsMax)
    for (const name of ["doubled", "lost", "declined", "reordered"] as const)
      find<HTMLInputElement>(name).value = String(weather[name])
  }
}

new OperatorPage().start()
