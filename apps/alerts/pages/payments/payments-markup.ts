// The HTML of the payments page: the counter, the channel, who is subscribed, and what they did. payments.ts brings it to life.
import { both } from "../../../kit/browser/language.ts"
import { money, plans } from "../../payments/payment.ts"

const plan = (one: (typeof plans)[number], index: number): string => `
  <label class="plan"><input type="radio" name="plan" value="${one.id}"${index === 2 ? " checked" : ""}>
    <span><b>${both(one.name.en, one.name["zh-CN"])}</b><span>${money(one.price)}</span></span></label>`

const subscriber = (name: "mail" | "sms", title: string, says: string): string => `
  <article class="subscriber" id="${name}" data-listening="false">
    <header><h3>${title}</h3>
      <button type="button" class="switch" role="switch" aria-checked="false" aria-labelledby="${name}-title" data-subscriber="${name}"><i></i></button></header>
    <p>${says}</p>
    <p class="told"><b class="count">0</b> ${both("told", "条已告知")}<span class="away">${both(
      "Away. What is published now is told when it is back.",
      "已离开。此间的付款，回来后补上。",
    )}</span></p>
    <p class="trouble" role="status"></p>
    <div class="aside" hidden>
      <p>${both("Could not be told, and kept:", "无法告知，先留在这里：")}</p>
      <ul></ul>
      <button type="button" data-retry="${name}">${both("Try again", "再试一次")}</button>
    </div>
  </article>`

export const paymentsMain = (): string => `
<section class="lead">
  <h1>${both("Somebody pays. Who is told?", "有人付款了，谁会知道？")}</h1>
  <p>${both(
    "The payment service says it once, to a channel, and knows nobody. Whoever wants to know subscribes: today a mail to the team and a text to the customer, next month something else, and nothing that runs is touched.",
    "支付服务只对频道说一声，谁也不认识。谁想知道，谁去订阅：今天是给团队的邮件和给客户的短信，下个月也许是别的，而正在运行的东西一行都不用改。",
  )}</p>
</section>
<div class="desk">
  <form class="counter" id="order" autocomplete="off">
    <h2>${both("The counter", "收银台")}</h2>
    <label>${both("Name", "姓名")}<input name="name" maxlength="40" required spellcheck="false"></label>
    <label>${both("Phone", "手机")}<input name="phone" type="tel" maxlength="24" required inputmode="tel"></label>
    <fieldset><legend>${both("Plan", "套餐")}</legend>${plans.map(plan).join("")}</fieldset>
    <button class="main-button">${both("Pay", "付款")}</button>
    <p class="refused" id="refused" role="alert"></p>
  </form>
  <section class="speaker" aria-labelledby="speaker-title">
    <h2 id="speaker-title">${both("The channel", "频道")} <code>/payments</code></h2>
    <div class="board" id="board" aria-live="polite"><p class="lit" id="amount">¥ ––</p><p class="below" id="payer">${both("nothing yet", "还没有付款")}</p></div>
    <div class="subscribers">
      ${subscriber(
        "mail",
        `<span id="mail-title">${both("Mail to the team", "给团队的邮件")}</span>`,
        both("For each customer who pays for the first time.", "客户第一次付费时，发一封邮件。"),
      )}
      ${subscriber(
        "sms",
        `<span id="sms-title">${both("Text to the customer", "给客户的短信")}</span>`,
        both("Until when they have paid.", "告诉客户，服务到哪一天。"),
      )}
    </div>
  </section>
  <section class="phone" aria-labelledby="phone-title">
    <h2 id="phone-title">${both("The customers’ phone", "客户的手机")}</h2>
    <div class="screen"><ol id="texts" aria-live="polite"></ol><p class="empty" id="no-texts">${both("No text yet.", "还没有短信。")}</p></div>
  </section>
  <section class="mailbox" aria-labelledby="mailbox-title">
    <h2 id="mailbox-title">${both("The team’s mailbox", "团队的邮箱")}</h2>
    <ol id="letters" aria-live="polite"></ol><p class="empty" id="no-letters">${both("No letter yet.", "还没有邮件。")}</p>
  </section>
</div>`
