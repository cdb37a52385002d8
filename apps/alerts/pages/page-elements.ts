// The few things every page of the demo does with its elements. Text from outside is only ever set as text.
import type { Bilingual } from "../../kit/browser/language.ts"

type Child = Node | string

/** `make("li.new", "text")` */
export function make(what: string, ...children: readonly Child[]): HTMLElement {
  const [tag = "div", ...classes] = what.split(".")
  const element = document.createElement(tag)
  element.className = classes.join(" ")
  element.append(...children)
  return element
}

/** Both languages side by side; the stylesheet shows one. */
export function inBoth([english, chinese]: Bilingual): DocumentFragment {
  const fragment = document.createDocumentFragment()
  for (const [lang, text] of [
    ["en", english],
    ["zh-CN", chinese],
  ] as const) {
    const span = make("span", text)
    span.lang = lang
    fragment.append(span)
  }
  return fragment
}

/** What each list has shown, also what has left it: a snapshot tells of that again. */
const shownIds = new WeakMap<HTMLElement, Set<string>>()

/** Puts an item first in its list, which is kept short, unless one of this id was there. False: it was. */
export function putFirst(list: HTMLElement, id: string, item: () => HTMLElement, shownMax = 12): boolean {
  const shown = shownIds.get(list) ?? new Set()
  shownIds.set(list, shown)
  if (shown.has(id)) return false
  shown.add(id)
  list.prepend(item())
  while (list.children.length > shownMax) list.lastElementChild?.remove()
  return true
}

/** Starts an animation anew, also when it has not ended. */
export function flash(element: HTMLElement, name: string): void {
  element.classList.remove(name)
  void element.offsetWidth
  element.classList.add(name)
}

/** `14:03:07`. */
export const clockTime = (at: number): string => new Date(at).toLocaleTimeString("en-GB")
