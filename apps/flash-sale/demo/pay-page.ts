// The simulator's page: one amount, one button. What it shows of a trade is escaped. It belongs to the payment service, so
// it takes nothing from the shop but the looks, and how amounts are written.
import { amountText } from "../model/currency.ts"

interface Shown {
  readonly reference: string
  readonly amount: number
  readonly currency: string
  readonly state: string
}

const style = `
:root{color-scheme:light dark;--paper:#f1ede6;--sheet:#fbf9f5;--ink:#1f1613;--soft:#6b5f58;--edge:#d9d1c6;--good:#1b6b3a;--on-good:#fff}
@media(prefers-color-scheme:dark){:root{--paper:#17120f;--sheet:#211a16;--ink:#f6ebe0;--soft:#b3a498;--edge:#3a2f28;--good:#7fcf9b;--on-good:#06210f}}
*{box-sizing:border-box}
body{margin:0;min-height:100dvh;display:grid;place-items:center;padding:1rem;background:var(--paper);color:var(--ink);font:1.0625rem/1.6 system-ui,"PingFang SC","Noto Sans CJK SC",sans-serif}
main{width:100%;max-width:24rem;padding:1.6rem;border:1px solid var(--edge);border-radius:14px;background:var(--sheet)}
p{margin:0;color:var(--soft)}
h1{margin:.2rem 0 1.4rem;font-size:3rem;line-height:1.1;font-variant-numeric:tabular-nums}
button{font:inherit;font-weight:700;width:100%;min-height:3.6rem;border:0;border-radius:12px;background:var(--good);color:var(--on-good);cursor:pointer}
button:disabled{opacity:.4;cursor:default}
#close{margin-top:.7rem;background:none;color:inherit;border:1.5px solid var(--edge)}
#said{min-height:1.6em;margin-top:.9rem;text-align:center;font-weight:600;color:var(--ink)}
[hidden]{display:none}`

export function payPage(trade: Shown | null): Response {
  if (!trade) return new Response("There is no such trade.", { status: 404 })
  const amount = `${amountText(trade.amount, trade.currency)} ${trade.currency}`
  const body = `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Pay 付款</title>
<style>${style}</style>
<main><p>Order · 订单 ${escaped(trade.reference)}</p><h1>${escaped(amount)}</h1>
<button id="pay">Pay · 付款</button><p id="said" role="status">${escaped(trade.state)}</p>
<button id="close" hidden>Close this page · 关闭</button></main>
<script>
const find = (id) => document.getElementById(id)
const pay = find("pay"), close = find("close")
const over = () => { pay.disabled = true; close.hidden = false }
if (${JSON.stringify(trade.state !== "open")}) over()
close.onclick = () => window.close()
pay.onclick = async () => {
  pay.disabled = true
  try {
    const answer = await fetch(location.href, { method: "POST" })
    find("said").textContent = answer.ok ? "paid 已付款" : (await answer.json()).detail
    if (answer.status === 402) pay.disabled = false
    else over()
  } catch {
    // Nothing is known; asking again pays once.
    find("said").textContent = "No answer, try again 没有响应，请重试"
    pay.disabled = false
  }
}
</script></html>`
  return new Response(body, { headers: { "Content-Type": "text/html; charset=utf-8" } })
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`)
