// The floor under a flash sale's desk: bare `Bun.serve` that reads a click and answers as long a ticket, and keeps
// nothing. What a ticket costs above this is what it costs to verify, keep, decide and tell it.
let number = 0
const headers = new Headers({
  "Content-Type": "application/json; charset=utf-8",
  "Cache-Control": "no-store",
})

const server = Bun.serve({
  development: false,
  reusePort: false,
  hostname: "127.0.0.1",
  port: 0,
  fetch(request) {
    const credential = request.headers.get("authorization")
    const key = request.headers.get("idempotency-key")
    const token = request.headers.get("buy-token") ?? ""
    const ticket = {
      sale: "bench",
      item: "i",
      number: ++number,
      state: "queued",
      position: number,
      etaSeconds: null,
      admittedAt: Date.now(),
      deadline: Date.now(),
      listen: {
        laba: "http://127.0.0.1:8080",
        channel: `/@${token.slice(-8)}/sales/bench`,
        sale: "/sales/bench",
      },
    }
    const status = credential === null || key === null ? 400 : 201
    return new Response(JSON.stringify(ticket), { status, headers })
  },
})
console.log(server.port)

// A module, so that its names are its own.
export {}
