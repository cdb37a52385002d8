// Chooses the language before the first paint: what was chosen here before, else what the browser prefers.
// Loaded in the head and not deferred, on purpose: deferred it would flash the other language.
;(() => {
  const root = document.documentElement
  const show = (language) => {
    root.lang = language
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language))
    }
  }
  // Storage may be forbidden (private windows, sandboxes); the page then forgets, and works.
  const remembered = () => {
    try {
      const language = localStorage.getItem("laba.language")
      return language === "en" || language === "zh-CN" ? language : null
    } catch {
      return null
    }
  }
  const remember = (language) => {
    try {
      localStorage.setItem("laba.language", language)
    } catch {}
  }

  if ("fixed" in root.dataset) return
  show(remembered() ?? (/^zh\b/i.test(navigator.language) ? "zh-CN" : "en"))
  addEventListener("DOMContentLoaded", () => {
    show(root.lang)
    document.addEventListener("click", (event) => {
      const button = event.target.closest("[data-language]")
      if (!button) return
      remember(button.dataset.language)
      show(button.dataset.language)
    })
  })
})()
