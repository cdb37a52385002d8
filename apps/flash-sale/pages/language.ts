// The language of a page: both stand in its markup, and the stylesheet shows the one that `<html lang>` names. What scripts
// write asks here which one it is.

type Language = "en" | "zh-CN"

/** The same in both languages. */
export type Both = readonly [english: string, chinese: string]

const storageKey = "laba.language"

export const language = (): Language => (document.documentElement.lang === "zh-CN" ? "zh-CN" : "en")

/** The words of the language that is chosen. */
export const say = ([english, chinese]: Both): string => (language() === "en" ? english : chinese)

/** Makes the buttons with `data-language` work. `changed` is called after each choice. */
export function startLanguage(changed: () => void): void {
  const buttons = [...document.querySelectorAll<HTMLButtonElement>("[data-language]")]
  const show = (): void => {
    for (const button of buttons)
      button.setAttribute("aria-pressed", String(button.dataset["language"] === language()))
  }
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const chosen = button.dataset["language"] === "zh-CN" ? "zh-CN" : "en"
      document.documentElement.lang = chosen
      try {
        localStorage.setItem(storageKey, chosen)
      } catch {
        // Forbidden storage forgets; nothing more.
      }
      show()
      changed()
    })
  }
  show()
}
