// One display board: shows what its listener hears, and can be cut and resumed by hand.

const slipsMax = 6

const element = (name, className, text) => {
  const made = document.createElement(name)
  made.className = className
  if (text !== undefined) made.textContent = text
  return made
}

/** Two spans, one per language; the stylesheet shows one. */
export function bilingual(english, chinese) {
  return [
    ["en", english],
    ["zh-CN", chinese],
  ].map(([lang, text]) => {
    const span = element("span", "", text)
    span.lang = lang
    return span
  })
}

/** Shows a text as large as it fits on the lamps; the smallest size ends in dots. */
function light(lit, text) {
  lit.textContent = text
  delete lit.dataset.idle
  for (const size of ["short", "middle", "long"]) {
    lit.dataset.size = size
    if (lit.scrollWidth <= lit.clientWidth && lit.scrollHeight <= lit.clientHeight && oneLine(lit)) return
  }
}

/** Large letters stand on one line. */
const oneLine = (lit) =>
  lit.getClientRects().length > 0 && lit.clientHeight < 1.6 * parseFloat(getComputedStyle(lit).fontSize)

/** Brings the board with this id to life. `heard` is called for every message; `others` answers the other boards. */
export function startBoard(id, { channel, listen, heard, others }) {
  const board = document.getElementById(id)
  const find = (selector) => board.querySelector(selector)
  const lit = find(".lit")
  const slips = find(".slips")
  const missed = find(".missed")
  let cursor = null
  let stop = null
  let heardCount = 0
  let countsAtCut = null
  let owed = 0

  const setState = (state) => {
    board.dataset.state = state
  }
  const setCursor = (next) => {
    cursor = next
    find(".cursor").textContent = next
  }
  const addSlip = (text, className) => {
    const slip = element("li", className)
    slip.append(element("b", "", text), element("code", "", cursor))
    slips.prepend(slip)
    while (slips.children.length > slipsMax) slips.lastChild.remove()
  }

  const events = {
    opened(next) {
      setCursor(next)
      setState("open")
    },
    heard(message) {
      setCursor(message.cursor)
      heardCount++
      const late = owed > 0
      if (late) owed--
      light(lit, message.text)
      addSlip(message.text, late ? "late" : "")
      board.classList.remove("calling")
      void board.offsetWidth // restarts the animation
      board.classList.add("calling")
      heard()
    },
    reset(next) {
      setCursor(next)
      owed = 0
      missed.replaceChildren(
        ...bilingual(
          "reset: that place is no longer kept; listening from now on",
          "reset：那个位置已不再保留，从现在开始听",
        ),
      )
    },
    waiting: () => setState("waiting"),
    refused(code) {
      stop = null
      countsAtCut = null
      setState("refused")
      missed.replaceChildren(
        ...bilingual(`This server lets nobody listen here: ${code}`, `这个服务器不让收听：${code}`),
      )
    },
  }

  const start = () => {
    missed.replaceChildren()
    setState("connecting")
    stop = listen(channel, cursor, events)
  }
  const cut = () => {
    stop()
    stop = null
    countsAtCut = others().map((other) => other.heardCount)
    owed = 0
    setState("cut")
    missed.replaceChildren(...bilingual("The others go on. Call a number!", "其他屏照常。叫个号试试！"))
  }

  find(".cut").addEventListener("click", () => {
    if (stop) cut()
    else start()
  })
  start()

  return {
    get heardCount() {
      return heardCount
    },
    /** Told whenever any board has heard something: a board that is cut counts what it misses by its neighbours. */
    neighbourHeard() {
      if (stop || !countsAtCut) return
      owed = Math.max(...others().map((other, i) => other.heardCount - countsAtCut[i]))
      missed.replaceChildren(
        ...bilingual(`${owed} called meanwhile, kept for you`, `这期间叫了 ${owed} 个号，都给你留着`),
      )
    },
  }
}
