// The language of a page. `laba/pages/language.js` has chosen it before the first paint, and changes it when somebody presses a
// button; what scripts write asks here which one it is.

type Language = "en" | "zh-CN"

/** A text in both languages. */
export type Bilingual = readonly [english: string, chinese: string]

export const language = (): Language => (document.documentElement.lang === "zh-CN" ? "zh-CN" : "en")

/** The text in the language that is chosen. */
export const localize = ([english, chinese]: Bilingual): string => (language() === "en" ? english : chinese)

/** Calls back at each change. */
export function onLanguageChange(changed: () => void): void {
  let shown = language()
  const check = (): void => {
    if (language() === shown) return
    shown = language()
    changed()
  }
  new MutationObserver(check).observe(document.documentElement, { attributeFilter: ["lang"] })
}

/** Markup in both languages, side by side; the stylesheet shows one. */
export const both = (english: string, chinese: string): string =>
  `<span lang="en">${english}</span><span lang="zh-CN">${chinese}</span>`
