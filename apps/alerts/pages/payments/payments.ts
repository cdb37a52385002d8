// The script of the payments page: the counter, the channel's board, the subscribers' switches, the phone and the mailbox.
import { find } from "../../../kit/browser/elements.ts"
import { language } from "../../../kit/browser/language.ts"
import type { Bilingual } from "../../../kit/browser/language.ts"
import { mailbox, payments, phone, subscribersChannel } from "../../channels/names.ts"
import type { Mail } from "../../mail/mailbox.ts"
import { money, type Payment } from "../../payments/payment.ts"
import type { TextMessage } from "../../sms/local-phone.ts"
import type { Trouble } from "../../subscribers/subscriber.ts"
import type { SubscriberState } from "../../subscribers/subscribers.ts"
import { press, startPage } from "../live-page.ts"
import { clockTime, flash, inBoth, make, putFirst } from "../page-elements.ts"
import { type Persona, somebody } from "./personas.ts"
import type { Snapshot } from "../snapshot.ts"

const order = find<HTMLFormElement>("#order")
const field = (name: string): HTMLInputElement => find(`[name="${name}"]`, order)

let offered: Persona | null = null
function offerSomebody(): void {
  offered = somebody(language())
  field("name").value = offered.name
  field("phone").value = offered.phone
}

function showPayment({ amount, customer, isNewCustomer }: Payment): void {
  find("#amount").textContent = money(amount)
  const who = isNewCustomer ? inBoth(["first payment", "首次付费"]) : inBoth(["paid again", "续费"])
  find("#payer").replaceChildren(customer.name, " · ", who)
}

let hasReceivedPayment = false

function receivePayment(data: unknown): void {
  hasReceivedPayment = true
  showPayment(data as Payment)
  flash(find("#board"), "calling")
  flash(find(".horn"), "calling")
  for (const one of document.querySelectorAll<HTMLElement>('.subscriber[data-listening="true"]'))
    flash(one, "calling")
}

function troubleWords({ reason, attempts }: Trouble): Node[] {
  const words: Bilingual =
    attempts === 0
      ? ["Something went wrong.", "出了问题。"]
      : [`Try ${attempts} failed; it goes on trying.`, `第 ${attempts} 次没有成功，还会再试。`]
  return [inBoth(words), make("small", reason)]
}

function showSubscribers(states: readonly SubscriberState[]): void {
  for (const { name, isListening, told, trouble, aside } of states) {
    const card = find(`#${name}`)
    card.dataset["listening"] = String(isListening)
    find(".switch", card).setAttribute("aria-checked", String(isListening))
    find(".count", card).textContent = String(told)
    find(".trouble", card).replaceChildren(...(trouble ? troubleWords(trouble) : []))
    find(".aside", card).hidden = aside.length === 0
    find(".aside ul", card).replaceChildren(
      ...aside.map(({ customer, reason }) => make("li", make("b", customer), make("small", reason))),
    )
  }
}

function receiveText(data: unknown): void {
  const { id, to, text, at } = data as TextMessage
  putFirst(find("#texts"), id, () => make("li", make("small", `${to} · ${clockTime(at)}`), make("p", text)))
  find("#no-texts").hidden = true
}

function receiveMail(data: unknown): void {
  const { id, from, to, subject, text, at } = data as Mail
  putFirst(find("#letters"), id, () => {
    const head = make("summary", make("b", subject), make("small", clockTime(at)))
    return make("li", make("details", head, make("p.route", `${from} → ${to}`), make("pre", text.trim())))
  })
  find("#no-letters").hidden = true
}

function show({ lastPayment, subscribers, texts, letters }: Snapshot): void {
  // What was heard is newer than what was asked for.
  if (lastPayment && !hasReceivedPayment) showPayment(lastPayment)
  showSubscribers(subscribers)
  for (const text of [...(texts ?? [])].reverse()) receiveText(text)
  for (const letter of [...(letters ?? [])].reverse()) receiveMail(letter)
  find(".phone").hidden = texts === null
  find(".mailbox").hidden = letters === null
}

order.addEventListener("submit", (event) => {
  event.preventDefault()
  const { plan } = order.elements as unknown as { plan: RadioNodeList }
  const refused = find("#refused")
  refused.textContent = ""
  const paid = {
    name: field("name").value,
    phone: field("phone").value,
    plan: plan.value,
    language: language(),
  }
  press("/api/payments", paid).then(
    () => {
      // Who typed a name of their own may want to pay again as the same.
      if (offered?.name === paid.name) offerSomebody()
    },
    (error: Error) => (refused.textContent = error.message),
  )
})

for (const button of document.querySelectorAll<HTMLButtonElement>("[data-subscriber]")) {
  button.addEventListener("click", () =>
    change(
      button,
      `${button.dataset["subscriber"]}/${button.getAttribute("aria-checked") === "true" ? "remove" : "add"}`,
    ),
  )
}
for (const button of document.querySelectorAll<HTMLButtonElement>("[data-retry]"))
  button.addEventListener("click", () => change(button, `${button.dataset["retry"]}/retry`))

function change(button: HTMLButtonElement, act: string): void {
  button.disabled = true
  press<readonly SubscriberState[]>(`/api/subscribers/${act}`)
    .then(showSubscribers, () => {})
    .finally(() => (button.disabled = false))
}

offerSomebody()
await startPage(
  [
    { channel: payments, onMessage: receivePayment },
    { channel: subscribersChannel, onMessage: (data) => showSubscribers(data as readonly SubscriberState[]) },
    { channel: phone, onMessage: receiveText },
    { channel: mailbox, onMessage: receiveMail },
  ],
  show,
)
