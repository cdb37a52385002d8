// Puts a scene on the screen: which words, which figures, which buttons. Decides nothing.
import type { State, TransportName } from "laba/client"
import { count, duration, money } from "../figures.ts"
import { type Bilingual, localize } from "../../../kit/browser/language.ts"
import { boardOf, buttonsOf, toneOf } from "./display.ts"
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
    find("who").addEventListener("submit", (event) => {
      event.preventDefault()
      this.nameField.blur()
    })
  }

  /** The item that is chosen; null where there is no choice. */
  get item(): string | null {
    return document.querySelector<HTMLInputElement>('#items input[name="item"]:checked')?.value ?? null
  }

  /** The shop has its own login, and nobody is logged in. */
  needsLogin(): void {
    this.isOwnLogin = true
  }

  paint(painted: Painted): void {
    const { scene, facts } = painted
    this.main.dataset["scene"] = scene.name
    this.main.dataset["tone"] = toneOf(scene.name)
    this.paintGoods(facts)
    this.paintBoard(painted)
    const words = sceneWords[scene.name]
    const figures = figuresOf(painted)
    write(find("scene-title"), localize(words.title))
    write(find("detail"), fill(localize(timeless(painted) ?? words.detail), figures))
    const notice = this.isOwnLogin ? "ownLogin" : painted.notice
    write(find("notice"), notice ? localize(phrases[notice]) : "")
    find("notice").hidden = notice === null
    this.paintTicket(painted)
    this.paintButtons(painted, figures)
    this.paintConnection(painted.connection)
  }

  private paintGoods({ sale, standing }: Facts): void {
    if (!sale) return
    const title = sale.items.length === 1 ? (sale.items[0]?.title ?? sale.title) : sale.title
    write(find("title"), title)
    if (document.title !== sale.title) document.title = sale.title
    const prices = [...new Set(sale.items.map(({ price }) => money(price, sale.currency)))]
    write(find("price"), prices.join(" · "))
    const total = standing?.items.reduce((sum, item) => sum + item.total, 0) ?? 0
    const available = standing?.items.reduce((sum, item) => sum + item.available, 0) ?? 0
    const left: Bilingual = [
      `${count(available)} of ${count(total)} left`,
      `剩 ${count(available)} / ${count(total)}`,
    ]
    write(find("left"), localize(left))
    write(find("commitment"), sale.commitment.slice(0, 16))
    this.paintItems(sale)
  }

  /** A choice only where there is one. */
  private paintItems(sale: NonNullable<Facts["sale"]>): void {
    const list = find("items")
    if (sale.items.length < 2 || list.childElementCount > 0) return
    for (const [at, { id, title, price }] of sale.items.entries()) {
      const label = document.createElement("label")
      const radio = Object.assign(document.createElement("input"), { type: "radio", name: "item", value: id })
      radio.checked = at === 0
      const name = Object.assign(document.createElement("span"), { textContent: title })
      const cost = Object.assign(document.createElement("b"), { textContent: money(price, sale.currency) })
      label.append(radio, name, cost)
      list.append(label)
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

  private paintTicket({ scene, user }: Painted): void {
    find("ticket").hidden = scene.number === null
    write(find("ticket-label"), localize(phrases.ticket))
    write(find("number"), scene.number === null ? "" : count(scene.number))
    write(find("holder"), user ?? "")
    const who = find("who")
    who.hidden =
      scene.number !== null || user === null || scene.name === "entering" || scene.name === "knocking"
    find("items").hidden = who.hidden || !find("items").childElementCount
    if (user !== null && document.activeElement !== this.nameField) this.nameField.value = user
  }

  private paintButtons(
    { scene, etaSeconds, isLate, keepAsked, isPaying, user }: Painted,
    figures: Record<string, string>,
  ): void {
    const [primary, secondary] = buttonsOf(scene, isPaying)
    this.button("primary", user === null ? null : primary, figures)
    find<HTMLButtonElement>("primary").disabled = scene.name === "countdown"
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

/** For who waits in the queue without a time that could be shown. */
function timeless({ scene, etaSeconds, isLate }: Painted): Bilingual | null {
  if (scene.name !== "queued") return null
  return isLate ? phrases.late : etaSeconds === null ? phrases.noEta : null
}

function figuresOf({ scene, facts, etaSeconds }: Painted): Record<string, string> {
  const { sale, standing, ticket, click } = facts
  return {
    eta: etaSeconds === null ? "" : duration(etaSeconds),
    position: scene.position === null ? "" : count(scene.position),
    // Who is on it themselves counts, whatever the snapshot of a second ago says.
    count: count(Math.max(1, standing?.waitlisted ?? 0)),
    offer: duration(sale?.offerSeconds ?? 0),
    order: ticket?.order?.id ?? "",
    price: ticket?.order ? money(ticket.order.price, ticket.order.currency) : "",
    reason: click.kind === "refused" ? localize(refusalWords[click.code] ?? [click.code, click.code]) : "",
  }
}
