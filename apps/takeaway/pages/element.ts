// Makes elements. Text is only ever text: nothing that a customer or a shop has written becomes markup.

export type Child = Node | string | null | false

export interface Attributes {
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

/** The element that the page must have. */
export function find<Found extends HTMLElement = HTMLElement>(selector: string): Found {
  const found = document.querySelector<Found>(selector)
  if (!found) throw new Error(`The page has no ${selector}`)
  return found
}
