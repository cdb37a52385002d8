// Where the page leads on to whole applications: the demos that were started beside this server. Without any, nothing.
import { both, escape } from "../bilingual.ts"

/** Demos by name, each with the address of its first page. */
export type Demos = Readonly<Record<string, string>>

interface Words {
  readonly title: readonly [english: string, chinese: string]
  readonly says: readonly [english: string, chinese: string]
}

/** What is said of the demos that we know. Any other is shown by its name. */
const known: Readonly<Record<string, Words>> = {
  "flash-sale": {
    title: ["A flash sale", "秒杀"],
    says: [
      "Click once, know your number, and within seconds whether you won. It never sells what it does not have, and leaves nobody waiting for ever.",
      "点一次，马上知道排第几，几秒内知道抢到没有。绝不超卖，也不让任何人一直等下去。",
    ],
  },
  takeaway: {
    title: ["A takeaway desk", "外卖点单台"],
    says: [
      "The customer orders, the kitchen hears it at once, and the order’s way is on the customer’s screen. The backend holds no socket: it is functions and a database.",
      "顾客下单，后厨马上听到，做到哪一步顾客的屏幕上都看得到。后端不持有任何连接，只有几个函数和一个数据库。",
    ],
  },
  alerts: {
    title: ["Alerts", "告警"],
    says: [
      "A payment becomes a mail and a text message, and the payment service knows neither. Kill the log server’s heart, and hear the alarm.",
      "一笔付款变成一封邮件和一条短信，而支付服务谁也不认识。停掉日志服务器的心跳，就能听到告警。",
    ],
  },
}

export function demosSection(demos: Demos): string {
  const cards = Object.entries(demos).map(([name, address]) => card(name, address))
  if (cards.length === 0) return ""
  return `
<section class="demos" aria-labelledby="demos-title">
  <h2 id="demos-title">${both("Built on it", "用它做的")}</h2>
  <p>${both("Running right now, on this machine.", "此刻就在这台机器上运行。")}</p>
  <ul>${cards.join("")}</ul>
</section>`
}

function card(name: string, address: string): string {
  const words = known[name]
  const title = words ? both(...words.title) : escape(name)
  const says = words ? `<p>${both(...words.says)}</p>` : ""
  return `<li><h3><a href="${escape(address)}">${title}</a></h3>${says}<code>${escape(new URL(address).host)}</code></li>`
}
