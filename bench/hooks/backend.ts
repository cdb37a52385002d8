// The application of the bench as a backend: it answers each message with itself.

const backend = Bun.serve({
  development: false,
  reusePort: false,
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    if (request.method === "OPTIONS")
      return new Response(null, { headers: { "WebHook-Allowed-Origin": "*" } })
    return Response.json({ reply: await request.text() })
  },
})

console.log(`http://127.0.0.1:${backend.port}`)

export {}
