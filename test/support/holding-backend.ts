// A hook's backend that lets everybody wait: what happens meanwhile is what a test is about.
import { local } from "../hooks/backend-process.ts"
import { Inbox } from "./inbox.ts"

/** A backend that is asked about every message and answers none before it is released; then it says yes. */
export function holdingBackend() {
  const asked = new Inbox<string>("what the backend was asked")
  const held = Promise.withResolvers<void>()
  const backend = Bun.serve({
    development: false,
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      asked.push(await request.text())
      await held.promise
      return Response.json({ publish: true })
    },
  })
  const url = `http://127.0.0.1:${backend.port}/`
  const hook = { pattern: "/**", publish: url, timeout: "60s", handshake: false, ...local }
  return { asked, hook, release: held.resolve, [Symbol.asyncDispose]: () => backend.stop(true) }
}
