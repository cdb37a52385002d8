// Three display boards that listen at the same channel, each by another transport. The browser's script brings them
// to life; this is only their frame.
import { both } from "../bilingual.ts"

interface Board {
  readonly id: "websocket" | "sse" | "poll"
  readonly title: string
  readonly note: string
}

const boards: readonly Board[] = [
  { id: "websocket", title: "WebSocket", note: both("subprotocol laba.v1", "子协议 laba.v1") },
  { id: "sse", title: "SSE", note: both("the browser’s EventSource", "浏览器自带的 EventSource") },
  { id: "poll", title: both("Long-poll", "长轮询"), note: both("fetch in a loop", "循环 fetch") },
]

const board = ({ id, title, note }: Board): string => `
  <article class="board" id="${id}" data-state="connecting" aria-labelledby="${id}-title">
    <header>
      <h3 id="${id}-title">${title}</h3>
      <span class="note">${note}</span>
      <span class="state" role="status">
        <span class="when-connecting">${both("connecting", "连接中")}</span>
        <span class="when-open">${both("listening", "收听中")}</span>
        <span class="when-waiting">${both("coming back", "重连中")}</span>
        <span class="when-cut">${both("cut", "已断开")}</span>
        <span class="when-refused">${both("refused", "被拒绝")}</span>
      </span>
    </header>
    <div class="led" aria-hidden="true"><span class="lit" data-size="short" data-idle>000</span></div>
    <dl><dt>${both("cursor", "游标")}</dt><dd class="cursor">…</dd></dl>
    <div class="log" role="log" aria-live="off" aria-labelledby="${id}-title"><ol class="slips"></ol></div>
    <p class="empty">${both("Nothing called yet.", "还没有叫号。")}</p>
    <p class="missed" aria-live="polite"></p>
    <button type="button" class="cut" aria-describedby="${id}-title">
      <span class="when-listening">${both("Cut this line", "断开这一路")}</span>
      <span class="when-cut">${both("Resume", "恢复收听")}</span>
    </button>
  </article>`

export function boardsSection(channel: string): string {
  return `
<section class="boards" aria-labelledby="boards-title">
  <h2 id="boards-title">${both("Three boards, one channel", "三块屏，同一个频道")}</h2>
  <p>${both(
    `All three listen at <code>${channel}</code> now. Cut one, call a few numbers, and resume it: what it missed comes first, in order, each once.`,
    `三块屏都在收听 <code>${channel}</code>。断开其中一路，叫几个号，再恢复收听：漏掉的会先补上，顺序不乱，不重不漏。`,
  )}</p>
  <noscript><p>${both("The boards need JavaScript; the lines below do not.", "这三块屏需要 JavaScript；下面的命令不需要。")}</p></noscript>
  <div class="row">${boards.map(board).join("")}</div>
</section>`
}
