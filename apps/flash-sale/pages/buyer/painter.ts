// Puts a scene on the screen: which words, which figures, which buttons. Decides nothing.
import type { State, TransportName } from "laba/client"
import { count, duration, money } from "../figures.ts"
import { type Bilingual, localize } from "../../../kit/browser/language.ts"
import { isItemGone, standingOf } from "./chosen-item.ts"
import { boardOf, buttonsOf, isPressable, mayChoose, toneOf, unitsOf, waitWords } from "./display.ts"
import type { Choice } from "./listening.ts"
import type { Facts, Scene } from "./scene.ts"
import { connectionWords, fill, phrases, refusalWords, sceneWords, transportWords } from "./words.ts"

interface Painted {
  readonly scene: Scene
  readonly facts: Facts
  /** Of who waits in the queue; null is not known. */
  readonly etaSeconds: number | null
  /** It takes longer than was said. */
  readonly isLate: boolean
  readonly user: string | null
  readonly keepAsked: boolean
  /** The payment page was opened for this ticket. */
  readonly isPaying: boolean
  readonly notice: keyof typeof phrases | null
  readonly connection: {
    readonly state: State
    readonly transport: TransportName | null
    readonly choice: Choice
  }
}

interface Pressed {
  primary(): void
  secondary(): void
  keepWaiting(): void
  leave(): void
  choose(choice: Choice): void
  want(item: string): void
  rename(name: string): void
}

const find = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T

/** Writing what stands there already would wake screen readers. */
function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

export class Painter {
  private readonly main = document.querySelector("main") as HTMLElement
  private readonly nameField = find<HTMLInputElement>("user")
  private readonly transport = find<HTMLSelectElement>("transport")
  private isOwnLogin = false

  constructor(pressed: Pressed) {
    find("primary").addEventListener("click", () => pressed.primary())
    find("secondary").addEventListener("click", () => pressed.secondary())
    find("keep-waiting").addEventListener("click", () => pressed.keepWaiting())
    find("keep-leave").addEventListener("click", () => pressed.leave())
    this.transport.addEventListener("change", () => pressed.choose(this.transport.value as Choice))
    this.nameField.addEventListener("change", () => pressed.rename(this.nameField.value.trim()))
    find("items").addEventListener("change", (event) =>
      pressed.want((event.target as HTMLInputElement).value),
    )
    find("who").addEventListener("submit", (event) => {
      event.preventDefault()
      this.nameField.blur()
    })
  }

  /** The shop has its own login, and nobody is logged in. */
  needsLogin(): void {
    this.isOwnLogin = true
  }

  paint(painted: Painted): void {
    const { scene } = painted
    this.main.dataset["scene"] = scene.name
    this.main.dataset["tone"] = toneOf(scene.name)
    this.paintItems(painted)
    this.paintGoods(painted)
    this.paintBoard(painted)
    const words = sceneWords[scene.name]
    const figures = figuresOf(painted)
    write(find("scene-title"), localize(words.title))
    const detail = detailOf(painted) ?? [words.detail]
    write(find("detail"), fill(detail.map(localize).join(localize([" ", ""])), figures))
    const notice = this.isOwnLogin ? "ownLogin" : painted.notice
    write(find("notice"), notice ? localize(phrases[notice]) : "")
    find("notice").hidden = notice === null
    this.paintTicket(painted)
    this.paintButtons(painted, figures)
    this.paintConnection(painted.connection)
  }

  /** Of a sale of several items the one that the scene is about, unless the list of all is shown. */
  private paintGoods({ scene, facts }: Painted): void {
    const { sale, standing } = facts
    if (!sale) return
    const [only] = sale.items
    write(find("title"), sale.items.length === 1 ? (only?.title ?? sale.title) : sale.title)
    if (document.title !== sale.title) document.title = sale.title
    const item = mayChoose(scene, facts) ? null : scene.item
    const shown = sale.items.filter(({ id }) => item === null || id === item)
    // The list has the prices beside the items.
    const prices = new Set(find("items").hidden ? shown.map(({ price }) => money(price, sale.currency)) : [])
    const isOneOfSeveral = item !== null && sale.items.length > 1
    write(find("price"), [...(isOneOfSeveral ? [shown[0]?.title] : []), ...prices].join(" · "))
    const { available, total } = unitsOf({ ...scene, item }, facts)
    const left = fill(localize(phrases.left), { left: count(available), total: count(total) })
    write(find("left"), standing ? left : "")
    write(find("commitment"), sale.commitment.slice(0, 16))
  }

  /** A choice only where there is one. */
  private paintItems({ scene, facts }: Painted): void {
    const list = find("items")
    const { sale } = facts
    list.hidden = !mayChoose(scene, facts)
    if (!sale || list.hidden) return
    while (list.childElementCount < sale.items.length) list.append(itemRow())
    for (const [at, { id, title, price }] of sale.items.entries()) {
      const row = list.children[at] as HTMLElement
      const [radio, name, left, cost] = row.children as unknown as [HTMLInputElement, ...HTMLElement[]]
      radio.value = id
      radio.checked = id === scene.item
      radio.disabled = isItemGone(facts, id)
      row.dataset["gone"] = String(radio.disabled)
      const available = standingOf(facts, id)?.available ?? 0
      const words = radio.disabled ? phrases.itemGone : available === 0 ? phrases.itemHeld : phrases.itemLeft
      write(name as HTMLElement, title)
      write(left as HTMLElement, fill(localize(words), { left: count(available) }))
      write(cost as HTMLElement, money(price, sale.currency))
    }
  }

  private paintBoard({ scene, facts }: Painted): void {
    write(find("board-label"), localize(sceneWords[scene.name].board))
    const [big, below] = boardOf(scene, facts)
    const board = find("board")
    write(board, big)
    board.dataset["size"] = big.length <= 3 ? "short" : big.length <= 5 ? "middle" : "long"
    write(find("board-below"), below)
  }

  private paintTicket({ scene, facts, user }: Painted): void {
    // What has ended makes room for what can still be had.
    find("ticket").hidden = scene.number === null || mayChoose(scene, facts)
    write(find("ticket-label"), localize(phrases.ticket))
    write(find("number"), scene.number === null ? "" : count(scene.number))
    write(find("holder"), user ?? "")
    const who = find("who")
    const mayBeSomebody = scene.mayEnter || scene.name === "countdown"
    who.hidden = scene.number !== null || user === null || !mayBeSomebody
    if (user !== null && document.activeElement !== this.nameField) this.nameField.value = user
  }

  private paintButtons(
    { scene, facts, etaSeconds, isLate, keepAsked, isPaying, user }: Painted,
    figures: Record<string, string>,
  ): void {
    const [primary, secondary] = buttonsOf(scene, facts, isPaying)
    this.button("primary", user === null ? null : primary, figures)
    find<HTMLButtonElement>("primary").disabled = !isPressable(scene)
    this.button("secondary", keepAsked ? null : secondary, figures)
    find("keep").hidden = !keepAsked
    write(find("keep-title"), localize(phrases.askKeep))
    const askKeep =
      scene.position === null
        ? phrases.askKeepUnknown
        : etaSeconds === null || isLate
          ? phrases.askKeepNoEta
          : phrases.askKeepDetail
    write(find("keep-detail"), fill(localize(askKeep), figures))
    write(find("keep-waiting"), localize(phrases.keep))
    write(find("keep-leave"), localize(phrases.leave))
  }

  private button(id: string, words: Bilingual | null, figures: Record<string, string>): void {
    const button = find<HTMLButtonElement>(id)
    button.hidden = words === null
    write(button, words ? fill(localize(words), figures) : "")
  }

  private paintConnection({ state, transport, choice }: Painted["connection"]): void {
    const place = find("connection")
    place.dataset["state"] = state
    place.dataset["transport"] = transport ?? ""
    const words = localize(connectionWords[state] ?? ["", ""])
    write(find("connection-state"), transport ? `${words} · ${transportWords[transport]}` : words)
    if (document.activeElement !== this.transport) this.transport.value = choice
  }
}

function itemRow(): HTMLElement {
  const row = document.createElement("label")
  const radio = Object.assign(document.createElement("input"), { type: "radio", name: "item" })
  row.append(radio, ...["span", "small", "b"].map((tag) => document.createElement(tag)))
  return row
}

/** What is said instead of the words that a scene always has; null for those. */
function detailOf(painted: Painted): readonly Bilingual[] | null {
  const { scene, facts } = painted
  if (scene.name === "queued") return waitWords(scene, facts, painted)
  if (scene.name === "open" && scene.item === null) return [phrases.chosenGone]
  const isCrowded = (facts.standing?.queued ?? 0) > unitsOf({ ...scene, item: null }, facts).available
  return scene.name === "open" && isCrowded ? [phrases.crowded] : null
}

function figuresOf({ scene, facts, etaSeconds }: Painted): Record<string, string> {
  const { sale, standing, ticket, click } = facts
  return {
    eta: etaSeconds === null ? "" : duration(etaSeconds),
    position: scene.position === null ? "" : count(scene.position),
    waiting: count((standing?.queued ?? 0) + (standing?.waitlisted ?? 0)),
    offer: duration(sale?.offerSeconds ?? 0),
    order: ticket?.order?.id ?? "",
    price: ticket?.order ? money(ticket.order.price, ticket.order.currency) : "",
    reason: click.kind === "refused" ? localize(refusalWords[click.code] ?? [click.code, click.code]) : "",
  }
}
