// Loaded into a Bun or Node server before its own code, and idle until it is asked over IPC. It collects garbage, so
// that memory is compared and not the moment of a collection, and it watches how long the loop is held.

/** How often the loop should turn while it is watched. A turn that comes later than this was held by the difference. */
const everyMs = 1

let timer
let last = 0
let holds = []

const collect = () => (globalThis.Bun ? globalThis.Bun.gc(true) : globalThis.gc?.())

function watch() {
  holds = []
  last = performance.now()
  clearInterval(timer)
  timer = setInterval(() => {
    const now = performance.now()
    holds.push(now - last)
    last = now
  }, everyMs)
}

function report() {
  clearInterval(timer)
  // Turns that came in time say nothing about how long one is held.
  const held = holds.filter((ms) => ms > 2 * everyMs).sort((a, b) => a - b)
  const at = (share) => held[Math.min(held.length - 1, Math.floor(share * held.length))] ?? 0
  return { turns: held.length, p50: at(0.5), p99: at(0.99), max: held.at(-1) ?? 0 }
}

process.on("message", (asked) => {
  if (asked === "collect") collect()
  if (asked === "watch") watch()
  process.send?.({ gauge: asked, holds: asked === "holds" ? report() : undefined })
})
// The server must end as it would without us.
process.channel?.unref?.()
