// The words of the pages, in the language that is chosen, and how they write what they show.
import { language, onLanguageChange, localize } from "../../kit/browser/language.ts"
import { type Word, words } from "./words.ts"

/** Calls back now and at each change. */
export function inEachLanguage(paint: () => void): void {
  onLanguageChange(paint)
  paint()
}

/** A word in the page's language, with what it has in braces filled in. */
export const translate = (word: Word, values: Readonly<Record<string, string | number>> = {}): string =>
  localize(words[word]).replace(/\{(\w+)\}/g, (braces, name: string) => String(values[name] ?? braces))

export const isWord = (text: string): text is Word => Object.hasOwn(words, text)

/** What has a name in both languages. */
export const nameOf = ({ zh, en }: { readonly zh: string; readonly en: string }): string => localize([en, zh])

/** Cents as the page writes money. */
export const money = (cents: number): string => `¥${(cents / 100).toFixed(2).replace(/\.00$/, "")}`

/** A time of day. */
export const timeOf = (ms: number): string =>
  new Date(ms).toLocaleTimeString(language(), { hour: "2-digit", minute: "2-digit", hour12: false })

/** How long ago, in the shortest words. */
export function agoOf(ms: number): string {
  const seconds = Math.max(0, Math.floor((Date.now() - ms) / 1000))
  if (seconds < 60) return localize([`${seconds} s`, `${seconds} 秒`])
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return localize([`${minutes} min`, `${minutes} 分钟`])
  return localize([`${Math.floor(minutes / 60)} h`, `${Math.floor(minutes / 60)} 小时`])
}

/** Fills in what stands in the page as `data-say`. */
export function startLanguages(): void {
  inEachLanguage(() => {
    for (const spoken of document.querySelectorAll<HTMLElement>("[data-say]"))
      spoken.textContent = translate(spoken.dataset["say"] as Word)
    for (const hinted of document.querySelectorAll<HTMLInputElement>("[data-hint]"))
      hinted.placeholder = translate(hinted.dataset["hint"] as Word)
  })
}
