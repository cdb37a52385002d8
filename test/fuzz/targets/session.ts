// Sessions over plain HTTP: a good session that is sent bad commands and asked bad questions. An input is a line with the
// query of a poll, then the body of a POST.
import type { ServerTarget } from "../target.ts"
import { frame } from "./frames.ts"
import { placed, serverFault } from "./http.ts"

const deadlineMs = 15_000

export const session: ServerTarget = {
  kind: "server",
  name: "session",
  words: [
    ...frame.words,
    "ack=0",
    "ack=1",
    "ack=-1",
    "ack=999999999999999",
    "&wait=0",
    "&wait=0.01",
    "@CHANNEL@",
    "[",
    "]",
    ",",
    "\n",
  ],
  reshape(random, _input, plain) {
    const text = Buffer.from(plain()).toString("latin1")
    // Without a number of its own a poll is refused at once, and then nothing behind it is asked.
    return random.oneIn(3)
      ? Uint8Array.from(Buffer.from(text, "latin1"))
      : Uint8Array.from(Buffer.from(`ack=0&wait=0\n${text.slice(text.indexOf("\n") + 1)}`, "latin1"))
  },
  async send(victim, input) {
    const all = placed(input, victim.freshChannel())
    const lineEnd = all.indexOf(10)
    const query = Buffer.from(all.subarray(0, Math.max(lineEnd, 0))).toString("latin1")
    const ask = (path: string, method: string, body?: Uint8Array): Promise<Response> =>
      fetch(`${victim.base}/_/session${path}`, {
        method,
        headers: { connection: "close" },
        signal: AbortSignal.timeout(deadlineMs),
        ...(body && { body: Uint8Array.from(body) }),
      })
    const opened = await ask("", "POST")
    const id = /"connection":"([^"]+)"/.exec(await opened.text())?.[1]
    if (opened.status !== 201 || id === undefined) return `a session could not be opened: ${opened.status}`
    const posted = await ask(`/${id}`, "POST", all.subarray(lineEnd + 1))
    // A held poll of ours may stay for the seconds that it asked for; none are asked for here but by accident.
    const polled = await ask(`/${id}?${query.replaceAll(/wait=[\d.]+/g, "wait=0")}`, "GET")
    const said = await polled.text()
    const left = await ask(`/${id}`, "DELETE")
    await Promise.all([posted.text(), left.text()])
    if (said.includes('"op":"error"') && said.includes('"code":"internal"'))
      return "it was answered with an error frame `internal`"
    return serverFault([posted.status, polled.status, left.status])
  },
}
