// The first screen: what Laba is in one sentence, and a ticket whose number can be called out.
import { both } from "../bilingual.ts"

export function ticketSection(channel: string): string {
  return `
<section class="hero">
  <div class="say">
    <h1>${both("A channel<br>is a&nbsp;URL.", "频道就是<br>一个&nbsp;URL。")}</h1>
    <p>${both(
      "Post a message to a path, and everybody who listens there hears it: by WebSocket, server-sent events or long-polling. Whoever loses the connection goes on from the exact place where they left off.",
      "把消息 POST 到一个路径，在那里收听的人全都听得见：WebSocket、SSE、长轮询，随你用哪种。断了线再连上，从断开的地方接着听，一条不少。",
    )}</p>
    <p class="aside">${both(
      "<b>喇叭</b> <i>lǎba</i>: the loudspeaker that calls your number.",
      "你取号、坐下，轮到你时，<b>喇叭</b>一响，该听见的人都听见。",
    )}</p>
  </div>
  <form class="ticket" id="call" autocomplete="off">
    <div class="stub" aria-hidden="true">
      <span>喇叭</span><span>LABA</span>
    </div>
    <div class="body">
      <label for="words">${both("Your number, or any words", "你的号码，写别的也行")}</label>
      <input id="words" name="data" maxlength="200" required enterkeyhint="send" spellcheck="false" value="A017">
      <div class="send">
        <code>POST ${channel}</code>
        <button type="submit">${both("Call it", "叫号")}</button>
      </div>
      <output id="answer" for="words" aria-live="polite">${both(
        "The server’s answer prints here.",
        "服务器的回答会打印在这里。",
      )}</output>
    </div>
  </form>
  <button type="submit" form="call" class="again" id="again" hidden>${both("Call", "叫号")} <b></b></button>
</section>`
}
