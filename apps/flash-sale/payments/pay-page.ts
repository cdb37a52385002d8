// The simulator's page: one amount, one button. What it shows of a trade is escaped.

interface Shown {
  readonly reference: string
  readonly amount: number
  readonly currency: string
  readonly state: string
}

export function payPage(trade: Shown | null): Response {
  if (!trade) return new Response("There is no such trade.", { status: 404 })
  const amount = `${(trade.amount / 100).toFixed(2)} ${trade.currency}`
  const body = `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Pay 付款</title>
<style>body{font:1.1rem system-ui;max-width:24rem;margin:3rem auto;padding:0 1rem}button{font:inherit;width:100%;padding:1rem}</style>
<h1>${escaped(amount)}</h1><p>${escaped(trade.reference)}</p>
<button id="pay">Pay 付款</button><p id="said" role="status">${escaped(trade.state)}</p>
<script>
const said = document.getElementById("said"), button = document.getElementById("pay")
button.disabled = ${JSON.stringify(trade.state !== "open")}
button.onclick = async () => {
  button.disabled = true
  const answer = await fetch(location.href, { method: "POST" })
  said.textContent = answer.ok ? "paid 已付款" : (await answer.json()).detail
}
</script></html>`
  return new Response(body, { headers: { "Content-Type": "text/html; charset=utf-8" } })
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`)
