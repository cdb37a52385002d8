// Which language the page is in: what was chosen before, on any page of ours, else what the browser prefers.
import { type Language, type Word, words } from "./words.ts"

const storageKey = "laba.language"

/** Private windows may forbid storage: the page then forgets, and works. */
function remembered(): string | null {
  try {
    return localStorage.getItem(storageKey)
  } catch {
    return null
  }
}

function initial(): Language {
  const chosen = remembered()
  if (chosen === "en" || chosen === "zh-CN") return chosen
  return /^zh\b/i.test(navigator.language) ? "zh-CN" : "en"
}

let current = initial()
const changes: (() => void)[] = []

export const language = (): Language => current

/** Calls back now and at each change. */
export function inEachLanguage(paint: () => void): void {
  changes.push(paint)
  paint()
}

/** A word, with what it has in braces filled in. */
export function say(word: Word, values: Readonly<Record<string, string | number>> = {}): string {
  return words[current][word].replace(/\{(\w+)\}/g, (braces, name: string) => String(values[name] ?? braces))
}

export const isWord = (text: string): text is Word => Object.hasOwn(words.en, text)

/** What has a name in both languages. */
export const nameOf = ({ zh, en }: { readonly zh: string; readonly en: string }): string =>
  current === "en" ? en : zh

/** Cents as the page writes money. */
export const money = (cents: number): string => `¥${(cents / 100).toFixed(2).replace(/\.00$/, "")}`

/** A time of day. */
export const timeOf = (ms: number): string =>
  new Date(ms).toLocaleTimeString(current, { hour: "2-digit", minute: "2-digit", hour12: false })

/** How long ago, in the shortest words. */
export function agoOf(ms: number): string {
  const seconds = Math.max(0, Math.floor((Date.now() - ms) / 1000))
  if (seconds < 60) return current === "en" ? `${seconds} s` : `${seconds} 秒`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return current === "en" ? `${minutes} min` : `${minutes} 分钟`
  return current === "en" ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} 小时`
}

/** Brings the switch in the bar to life, and fills in what stands in the page as `data-say`. */
export function startLanguages(): void {
  inEachLanguage(() => {
    document.documentElement.lang = current
    for (const spoken of document.querySelectorAll<HTMLElement>("[data-say]"))
      spoken.textContent = say(spoken.dataset["say"] as Word)
    for (const hinted of document.querySelectorAll<HTMLInputElement>("[data-hint]"))
      hinted.placeholder = say(hinted.dataset["hint"] as Word)
    for (const button of document.querySelectorAll<HTMLElement>("[data-language]"))
      button.setAttribute("aria-pressed", String(button.dataset["language"] === current))
  })
  for (const button of document.querySelectorAll<HTMLElement>("[data-language]")) {
    button.addEventListener("click", () => {
      current = button.dataset["language"] as Language
      try {
        localStorage.setItem(storageKey, current)
      } catch {}
      for (const paint of changes) paint()
    })
  }
}
