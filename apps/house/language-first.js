// Chooses the language before the first paint: what was chosen here before, else what the browser prefers. Loaded in the
// head and not deferred, on purpose: deferred it would flash the other language.
;(() => {
  const chosen = () => {
    try {
      return localStorage.getItem("laba.language")
    } catch {
      // Storage may be forbidden; the page then forgets, and works.
      return null
    }
  }
  const language = chosen()
  document.documentElement.lang =
    language === "en" || language === "zh-CN" ? language : /^zh\b/i.test(navigator.language) ? "zh-CN" : "en"
})()
