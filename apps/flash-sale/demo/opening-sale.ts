// The sale that whoever starts the demo finds about to open: few things, many people, and a queue slow enough to be seen.

/** Enough to look around, log in and open a second window. */
const secondsBefore = 60

const item = { id: "lantern", title: "Moonlight lantern · 月光灯笼", stock: 100, price: 19_900 }

interface Place {
  readonly url: string
  readonly operatorKey: string
}

interface ListedSale {
  readonly standing: { readonly phase: string; readonly items: readonly { readonly gone: boolean }[] }
}

/** Makes a sale, unless there is one that is open or about to be, with something left to buy. */
export async function openingSale({ url, operatorKey }: Place): Promise<void> {
  const answer = await fetch(`${url}/api/sales`)
  const { sales } = (await answer.json()) as { sales: ListedSale[] }
  if (sales.some(({ standing: { phase, items } }) => phase !== "closed" && !items.every(({ gone }) => gone)))
    return
  const made = await fetch(`${url}/api/operator/sales`, {
    method: "POST",
    headers: { Authorization: `Bearer ${operatorKey}` },
    body: JSON.stringify({
      // Never the name of a sale before: not of one that was put away either, which nobody counts.
      id: `lantern-${crypto.randomUUID().slice(0, 8)}`,
      title: "The lantern sale · 灯笼秒杀",
      items: [item],
      startsAt: Date.now() + secondsBefore * 1000,
      payBySeconds: 90,
      offerSeconds: 120,
      // Slow enough that somebody in the queue can watch it, and room for ten thousand.
      inflowPerSecond: 25,
      factor: 100,
      reserve: 500,
    }),
  })
  if (made.status !== 201) throw new Error(`The first sale was answered ${made.status}: ${await made.text()}`)
}
