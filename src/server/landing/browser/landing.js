// Puts the page together: the ticket publishes, three boards listen, the lines can be copied.
import { bilingual, startBoard } from "./landing-board.js"
import { listenByEvents, listenByPoll, listenByWebSocket } from "./landing-listeners.js"

const channel = "/channel/hello"
const form = document.getElementById("call")
const words = document.getElementById("words")
const answer = document.getElementById("answer")
const horn = document.querySelector(".horn")

const shout = () => {
  horn.classList.remove("calling")
  void horn.getBoundingClientRect() // restarts the animation
  horn.classList.add("calling")
}

const ways = { websocket: listenByWebSocket, sse: listenByEvents, poll: listenByPoll }
const boards = []
const heard = () => {
  shout()
  for (const board of boards) board.neighbourHeard()
}
for (const [id, listen] of Object.entries(ways)) {
  const others = () => boards.filter((board) => board !== self)
  const self = startBoard(id, { channel, listen, heard, others })
  boards.push(self)
}

/** A017 → A018; words without a number stay. */
const next = (text) =>
  text.replace(/\d+(?!.*\d)/, (digits) => String(Number(digits) + 1).padStart(digits.length, "0"))

const again = document.getElementById("again")

const fit = () => {
  // A number fits on the button that stays; a sentence does not.
  again.querySelector("b").textContent = words.value.length <= 8 ? words.value : ""
  words.dataset.size = words.value.length <= 6 ? "short" : words.value.length <= 14 ? "middle" : "long"
}

const print = (good, ...parts) => {
  answer.className = good ? "good" : "bad"
  answer.replaceChildren(...parts)
}

async function call() {
  const response = await fetch(channel, { method: "POST", body: new URLSearchParams({ data: words.value }) })
  const body = await response.json().catch(() => ({}))
  if (!response.ok)
    return print(false, `${response.status} ${body.code ?? ""} ${body.detail ?? body.title ?? ""}`)
  print(
    true,
    `${response.status} · cursor ${body.cursor} · `,
    ...bilingual(`${body.listeners} listening`, `${body.listeners} 个在听`),
  )
  words.value = next(words.value)
  fit()
}

form.addEventListener("submit", (event) => {
  event.preventDefault()
  call().catch(() => print(false, ...bilingual("The server cannot be reached.", "连不上服务器。")))
})
words.addEventListener("input", fit)
fit()

// Once the ticket is out of sight, a button that stays calls the same number: the boards are further down.
new IntersectionObserver(([ticket]) => {
  again.hidden = ticket.isIntersecting
}).observe(form)

// Behind a proxy the server does not know the address it is reached at; the browser does.
for (const code of document.querySelectorAll(".line code")) {
  code.textContent = code.textContent
    .replace(/http:\/\/[^/\s']+/, location.origin)
    .replace(/ws:\/\/[^/\s']+/, location.origin.replace(/^http/, "ws"))
}

async function copy(button) {
  const code = document.getElementById(button.dataset.copies)
  try {
    await navigator.clipboard.writeText(code.textContent)
    button.classList.add("copied")
    setTimeout(() => button.classList.remove("copied"), 1500)
  } catch {
    // No clipboard (plain http on another host): select the line, so that one key copies it.
    getSelection().selectAllChildren(code)
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copies]")
  if (button) void copy(button)
})
