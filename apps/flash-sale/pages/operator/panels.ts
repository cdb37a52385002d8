// What the operator sees of a sale, except the curves: stock, figures, promises, the crowd. Paints; asks nothing.
import { invariantTitles, type InvariantName } from "../../model/invariants.ts"
import type { SalePhase } from "../../model/sale.ts"
import { clockTime, count, duration, startTime } from "../figures.ts"
import { type Bilingual, language, localize } from "../../../kit/browser/language.ts"
import type { OperatorView, SaleSnapshot as Standing } from "../../model/wire/api.ts"
import type { DemoView } from "../../demo/crowd-settings.ts"

export const find = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T

export function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

function make(tag: string, text: string, name = ""): HTMLElement {
  const element = document.createElement(tag)
  element.textContent = text
  if (name) element.className = name
  return element
}

const phases: Readonly<Record<SalePhase, Bilingual>> = {
  scheduled: ["Scheduled", "未开始"],
  open: ["Open", "进行中"],
  paused: ["Paused", "已暂停"],
  closed: ["Closed", "已关闭"],
}

const modes: Readonly<Record<OperatorView["mode"], Bilingual>> = {
  "first-come": ["first come, first served", "先到先得"],
  shuffle: ["shuffled at the start", "开始时打乱顺序"],
  lottery: ["lottery", "抽签"],
}

export function paintHead(view: OperatorView, now: number): void {
  const { phase } = view.standing
  const place = find("phase")
  write(place, localize(phases[phase]))
  place.dataset["phase"] = phase
  find<HTMLAnchorElement>("buyer").href = `/sales/${encodeURIComponent(view.id)}`
  const at = startTime(view.startsAt, now)
  const untilSeconds = Math.ceil((view.startsAt - now) / 1000)
  const starts: Bilingual =
    untilSeconds > 0
      ? [`Starts at ${at}, in ${duration(untilSeconds)}`, `${at} 开始，还有${duration(untilSeconds)}`]
      : [`Started at ${at}`, `${at} 已开始`]
  write(find("when"), `${localize(starts)} · ${localize(modes[view.mode])}`)
  find("start-form").hidden = phase !== "scheduled"
  const open = find<HTMLButtonElement>("open")
  write(open, localize(phase === "paused" ? ["Go on", "继续"] : ["Open now", "立即开始"]))
  open.hidden = phase !== "scheduled" && phase !== "paused"
  find("pause").hidden = phase !== "open"
  find("close").hidden = phase === "closed"
}

const parts = [
  ["sold", ["sold", "已售"]],
  ["held", ["held", "保留"]],
  ["available", ["available", "可售"]],
] as const satisfies readonly (readonly [keyof Standing["items"][number], Bilingual])[]

/** A bar an item. The sum is written out, and checked here again: it must be the whole, always. */
export function paintStock(view: OperatorView): void {
  const place = find("stock")
  while (place.childElementCount > view.standing.items.length) place.lastElementChild?.remove()
  for (const [at, item] of view.standing.items.entries()) {
    const row = (place.children[at] as HTMLElement | undefined) ?? place.appendChild(stockRow())
    const [title, bar, sum] = row.children as unknown as [HTMLElement, HTMLElement, HTMLElement]
    write(title, view.items.find(({ id }) => id === item.id)?.title ?? item.id)
    for (const [index, [name]] of parts.entries())
      (bar.children[index] as HTMLElement).style.flexGrow = String(item[name])
    const adds = item.available + item.held + item.sold === item.total
    row.dataset["adds"] = String(adds)
    const terms = parts.map(([name, words]) => `${count(item[name])} ${localize(words)}`).join(" + ")
    write(
      sum,
      `${terms} = ${count(item.available + item.held + item.sold)} / ${count(item.total)} ${adds ? "✓" : "✗"}`,
    )
  }
}

function stockRow(): HTMLElement {
  const row = make("div", "", "item")
  const bar = make("div", "", "bar-of-stock")
  for (const [name] of parts) bar.append(make("i", "", name))
  row.append(make("b", ""), bar, make("p", ""))
  return row
}

export function paintTiles(view: OperatorView): void {
  const { standing } = view
  const refusals = Object.values(view.refused).reduce((sum, each) => sum + each, 0)
  const since = clockTime(view.refusedSince)
  const reasons = [
    localize([`since ${since}`, `${since} 起`]),
    ...Object.entries(view.refused).map(([code, times]) => `${code} ${count(times)}`),
  ].join(" · ")
  const tiles: readonly (readonly [Bilingual, string, string])[] = [
    [["In the queue", "排队中"], count(standing.queued), `${count(view.live)} / ${count(view.capacity)}`],
    [
      ["Drain, a second", "每秒处理"],
      standing.perSecond === null ? "–" : standing.perSecond.toFixed(1),
      inflowOf(view),
    ],
    [["Wait-list", "候补"], count(standing.waitlisted), ""],
    [["Unpaid orders", "待付款"], count(view.unpaid), ""],
    [["Tickets", "取号总数"], count(view.tickets), ""],
    [["Turned away", "拒绝"], count(refusals), reasons],
  ]
  const place = find("tiles")
  for (const [at, [name, value, below]] of tiles.entries()) {
    let tile = place.children[at] as HTMLElement | undefined
    if (!tile) {
      tile = make("div", "", "card tile")
      tile.append(make("span", ""), make("b", ""), make("small", ""))
      place.append(tile)
    }
    for (const [index, text] of [localize(name), value, below].entries())
      write(tile.children[index] as HTMLElement, text)
  }
}

const inflowOf = ({ inflowPerSecond }: OperatorView): string =>
  inflowPerSecond === null
    ? localize(["no limit", "不限速"])
    : localize([`limit ${inflowPerSecond}`, `上限 ${inflowPerSecond}`])

/** What the histogram counts: a place on the wait-list is no result. */
export function paintResults({ timeToResult }: OperatorView): void {
  const results = timeToResult.counts.reduce((sum, each) => sum + each, 0)
  write(
    find("results-said"),
    localize([
      `${count(results)} results of this sale: won, or ended without. The wait-list is none yet.`,
      `本场 ${count(results)} 个结果：抢到，或已结束。候补还不算结果。`,
    ]),
  )
}

const promises: Readonly<Record<InvariantName, Bilingual>> = {
  I1: [invariantTitles.I1, "可售 + 保留 + 已售 = 总数，与订单一致"],
  I2: [invariantTitles.I2, "可售永不为负"],
  I3: [invariantTitles.I3, "每人每场最多一笔有效订单"],
  I4: [invariantTitles.I4, "每个号在时限前都有结果"],
  I5: [invariantTitles.I5, "已定的结果不再改变"],
  I6: [invariantTitles.I6, "展示过的结果从不被推翻"],
  I7: [invariantTitles.I7, "付了款的，不是发货就是退款"],
}

export function paintPromises({ verdict }: OperatorView, now: number): void {
  const place = find("invariants")
  for (const [at, name] of (Object.keys(promises) as InvariantName[]).entries()) {
    let row = place.children[at] as HTMLElement | undefined
    if (!row) {
      row = make("li", "")
      row.append(make("b", name), make("span", ""), make("small", ""))
      place.append(row)
    }
    const found = verdict?.findings[name]
    row.dataset["holds"] = found === undefined ? "unknown" : String(found.length === 0)
    write(row.children[1] as HTMLElement, localize(promises[name]))
    write(row.children[2] as HTMLElement, found?.slice(0, 3).join("; ") ?? "")
  }
  const ago = verdict ? Math.max(0, Math.round((now - verdict.at) / 1000)) : 0
  const channels = verdict && "read" in verdict.channels ? verdict.channels : null
  const read: Bilingual = channels
    ? [`, ${count(channels.read)} channels read`, `，读了 ${count(channels.read)} 个频道`]
    : ["", ""]
  write(
    find("checked"),
    localize(
      verdict
        ? [`Checked ${ago} s ago, from the files${read[0]}`, `${ago} 秒前核对，直接读取账本文件${read[1]}`]
        : ["Not checked yet", "尚未核对"],
    ),
  )
}

const briefly = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`)

export function paintCrowd({ crowd }: DemoView): void {
  const isOnItsWay = crowd !== null && !crowd.done && crowd.brokeOff !== true
  write(
    find("crowd-send"),
    localize(isOnItsWay ? ["They are on their way…", "正在进行…"] : ["Send them", "放人进来"]),
  )
  find<HTMLButtonElement>("crowd-send").disabled = isOnItsWay
  const place = find("crowd")
  place.hidden = crowd === null
  if (crowd === null) return
  const speed = crowd.clickToTicketMs
  const rows: readonly (readonly [Bilingual, string])[] = [
    [["came", "已到"], `${count(crowd.came)} / ${count(crowd.buyers)}`],
    [["got a ticket", "取到号"], count(crowd.admitted)],
    [["turned away", "被拒"], count(Object.values(crowd.refused).reduce((sum, each) => sum + each, 0))],
    [["won", "抢到"], count(crowd.won)],
    [["paid", "已付款"], count(crowd.paid)],
    [["sold out", "没抢到"], count(crowd.soldOut)],
    [["left", "离开"], count(crowd.left)],
    [["still waiting", "仍在等"], count(crowd.waiting)],
    [
      ["how it went", "情况"],
      localize(
        crowd.done
          ? ["all came to an end", "全部结束"]
          : crowd.brokeOff
            ? ["it broke off", "中断了"]
            : ["on their way", "进行中"],
      ),
    ],
    [["click → ticket, half", "点击 → 取号，半数"], speed ? briefly(speed.half) : "–"],
    [["… and 99 in 100", "… 99 % 以内"], speed ? briefly(speed.most) : "–"],
  ]
  for (const [at, [name, value]] of rows.entries()) {
    let row = place.children[at] as HTMLElement | undefined
    if (!row) {
      row = make("div", "")
      row.append(make("dt", ""), make("dd", ""))
      place.append(row)
    }
    write(row.children[0] as HTMLElement, localize(name))
    write(row.children[1] as HTMLElement, value)
  }
  place.lang = language()
}
