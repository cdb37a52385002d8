// The language of a page: chosen before the first paint (language-first.js), changed by the buttons in the bar.

type Language = "en" | "zh-CN"

export const language = (): Language => (document.documentElement.lang === "zh-CN" ? "zh-CN" : "en")

/** Makes the buttons with `data-language` work. */
export function startLanguage(): void {
  const buttons = [...document.querySelectorAll<HTMLButtonElement>("[data-language]")]
  const show = (): void => {
    for (const button of buttons)
      button.setAttribute("aria-pressed", String(button.dataset["language"] === language()))
  }
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const chosen = button.dataset["language"] ?? "en"
      document.documentElement.lang = chosen
      try {
        localStorage.setItem("laba.language", chosen)
      } catch {
        // Forbidden storage forgets; nothing more.
      }
      show()
    })
  }
  show()
}
