// A server spoken to in broken HTTP: it refuses, it never fails, and what it refuses changes nothing.
import { bytesOf } from "../mutation.ts"
import { exchange, statusesIn } from "../exchange.ts"
import type { ServerTarget } from "../target.ts"
import type { Victim } from "../victim.ts"
import { makeRequests, withBody } from "./http-grammar.ts"

/** Our channel in an input; each sending has one of its own. */
export const placed = (input: Uint8Array, channel: string): Uint8Array =>
  bytesOf(Buffer.from(input).toString("latin1").replaceAll("@CHANNEL@", channel))

/** What may be said of this server's own failing: a bound that says when to come back, and another version of HTTP. */
const honest = [503, 505]

/** What no input may be answered with. */
export function serverFault(statuses: readonly number[]): string | null {
  const fault = statuses.find((status) => status >= 500 && !honest.includes(status))
  return fault === undefined ? null : `it was answered with ${fault}`
}

export const stillOpen = "the connection was still open long after our FIN"

export const http: ServerTarget = {
  kind: "server",
  name: "http",
  words: [
    "GET ",
    "POST ",
    "HEAD ",
    "DELETE ",
    " HTTP/1.1\r\n",
    "\r\n\r\n",
    "\r\n",
    "Host: ",
    "Content-Length: ",
    "Transfer-Encoding: chunked\r\n",
    "Content-Type: ",
    "Upgrade: websocket\r\n",
    "Connection: Upgrade\r\n",
    "Accept: text/event-stream\r\n",
    "@CHANNEL@",
    "/_/",
    "?after=",
    "?wait=0",
    "&channel=",
    "%00",
    "%0d%0a",
    "..",
    "0\r\n\r\n",
    "data=",
    "--X",
    "application/json",
    "Idempotency-Key: a\r\n",
    "\0",
    "Expect: 100-continue\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\x16\x03\x01",
  ],
  reshape(random, input, plain, mutated) {
    if (random.oneIn(3)) return makeRequests(random)
    return random.oneIn(2) ? withBody(input, mutated) : plain()
  },
  async send(victim, input) {
    const once = await trial(victim, input, {})
    // What may have been our own impatience is asked again, slowly.
    return once === null ? null : await trial(victim, input, { quietMs: 1000 })
  },
}

async function trial(victim: Victim, input: Uint8Array, pace: { quietMs?: number }): Promise<string | null> {
  const channel = victim.freshChannel()
  const { answer, closed } = await exchange(victim.base, placed(input, channel), pace)
  const statuses = statusesIn(answer)
  if (!closed) return stillOpen
  const fault = serverFault(statuses)
  if (fault !== null) return fault
  if (statuses.length > 0 && statuses.every((status) => status >= 400)) {
    const length = await victim.lengthOf(channel)
    if (length > 0)
      return `all was refused (${statuses.join(", ")}), and yet the channel has ${length} messages`
  }
  return null
}
