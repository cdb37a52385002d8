// Finds and makes elements. Text is only ever text: nothing that somebody has written becomes markup.

type Child = Node | string | null | false

interface Attributes {
  readonly class?: string
  readonly onclick?: () => void
  /** Any other attribute; null and false leave it out. */
  readonly [name: string]: string | number | boolean | null | undefined | (() => void)
}

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key.slice(2), value)
    else if (value !== null && value !== undefined && value !== false)
      made.setAttribute(key, value === true ? "" : String(value))
  }
  made.append(...children.filter((child) => child !== null && child !== false))
  return made
}

/** The element that must be there. */
export function find<Found extends Element = HTMLElement>(
  selector: string,
  within: ParentNode = document,
): Found {
  const found = within.querySelector<Found>(selector)
  if (!found) throw new Error(`The page has no ${selector}`)
  return found
}

/** Makes these the children of a list. Those that stay are not touched: they keep the focus, and their animations go on. */
export function place(list: HTMLElement, children: readonly HTMLElement[]): void {
  const wanted = new Set<Element>(children)
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove()
  for (const [at, child] of children.entries()) {
    const there = list.children[at] ?? null
    if (there !== child) list.insertBefore(child, there)
  }
}

/** The children of a list by what they were made from; `look` says it. */
export function byLook(list: HTMLElement): Map<string, HTMLElement> {
  return new Map(
    [...list.children].map((child) => [(child as HTMLElement).dataset["look"] ?? "", child as HTMLElement]),
  )
}
