// The few things every page of the demo does with its elements. Text from outside is only ever set as text.
import type { Both } from "../../kit/browser/language.ts"

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
export function inBoth([english, chinese]: Both): DocumentFragment {
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

/** Starts an animation anew, also when it has not ended. */
export function flash(element: HTMLElement, name: string): void {
  element.classList.remove(name)
  void element.offsetWidth
  element.classList.add(name)
}

/** `14:03:07`. */
export const clockTime = (at: number): string => new Date(at).toLocaleTimeString("en-GB")
