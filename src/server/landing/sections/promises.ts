// What can be relied on, in four sentences, and where to read on.
import { both } from "../bilingual.ts"

interface Promised {
  readonly title: string
  readonly text: string
}

const promises: readonly Promised[] = [
  {
    title: both("One cursor, every transport", "一个游标，通行所有传输"),
    text: both(
      "Change from WebSocket to polling at any message; you still see each once, in order.",
      "随时从 WebSocket 换到轮询，每条消息仍然只看到一次，顺序不变。",
    ),
  },
  {
    title: both("Never a silent hole", "绝不悄悄漏掉"),
    text: both(
      "Resuming gives all you missed, or says <code>reset</code> out loud. Never half of it.",
      "续传要么补齐全部，要么明确告诉你 <code>reset</code>，绝不只给一半。",
    ),
  },
  {
    title: both("Everything is bounded", "一切都有上限"),
    text: both(
      "Bodies, queues, histories, connections: each bound has a name, a reason and its own code.",
      "正文、队列、历史、连接：每个上限都有名字、有理由、有自己的错误码。",
    ),
  },
  {
    title: both("A slow reader hurts nobody else", "慢的人不拖累别人"),
    text: both(
      "It is sent away and resumes later, or skips to the newest. You choose, per channel.",
      "读得慢的先断开、稍后续传，或直接跳到最新。按频道由你决定。",
    ),
  },
]

export function promisesSection(): string {
  const items = promises.map(({ title, text }) => `<li><h3>${title}</h3><p>${text}</p></li>`)
  return `
<section class="promises" aria-labelledby="promises-title">
  <h2 id="promises-title">${both("What you can rely on", "四条保证")}</h2>
  <ol>${items.join("")}</ol>
</section>`
}
