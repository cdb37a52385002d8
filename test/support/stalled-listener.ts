// Listeners that stop reading the moment they are connected, and what they find when they read again. Messages are texts
// that begin with a number, filled up with `x`.
import type { ServerFrame } from "../../wire/frames.ts"
import { RawConnection, unchunk } from "./raw-tcp.ts"
import { type SseEvent, SseParser } from "./sse-parser.ts"
import { closeOf, framesIn, openRawWebSocket } from "./websocket-frames.ts"

/** Bytes after the number and a space. */
export const fillerBytes = 60 * 1024

export const numberOf = (text: string): number => Number.parseInt(text, 10)

/** What a stalled connection got, once it reads again. */
interface Stalled {
  readonly connection: RawConnection
  /** Numbers of the messages received so far. */
  numbers(): number[]
  /** How often it was told that something was skipped. */
  skips(): number
  /** The server's word at the end, or null while there is none. */
  ending(): string | null
}

export async function stallByWebSocket(base: string, channel: string): Promise<Stalled> {
  const connection = await openRawWebSocket(base, channel)
  connection.stall()
  const frames = () => framesIn(connection.bytes)
  return {
    connection,
    numbers: () =>
      frames()
        .filter((frame) => frame.opcode === 1)
        .map((frame) => numberOf(new TextDecoder().decode(frame.payload))),
    skips: () => 0,
    ending: () => {
      const close = frames().find((frame) => frame.opcode === 8)
      return close ? closeOf(close).reason : null
    },
  }
}

async function stallByLaba(base: string, channel: string): Promise<Stalled> {
  const connection = await openRawWebSocket(base, channel, "laba.v1")
  connection.stall()
  const frames = () =>
    framesIn(connection.bytes)
      .filter((frame) => frame.opcode === 1)
      .map((frame) => JSON.parse(new TextDecoder().decode(frame.payload)) as ServerFrame)
  return {
    connection,
    numbers: () =>
      frames().flatMap((frame) => (frame.op === "message" ? [numberOf(frame.data as string)] : [])),
    skips: () => frames().filter((frame) => frame.op === "reset" && frame.reason === "skipped").length,
    ending: () => {
      const close = framesIn(connection.bytes).find((frame) => frame.opcode === 8)
      return close ? closeOf(close).reason : null
    },
  }
}

async function stallBySse(base: string, channel: string): Promise<Stalled> {
  const connection = await RawConnection.open(base)
  connection.request(`GET ${channel}`, [`Host: ${new URL(base).host}`, "Accept: text/event-stream"])
  await connection.until(() => (connection.text.includes("id:") ? true : null))
  connection.stall()
  const events = () => eventsIn(connection.text)
  return {
    connection,
    numbers: () =>
      events()
        .filter((event) => event.event === "message")
        .map((event) => numberOf(event.data)),
    skips: () =>
      events().filter((event) => event.event === "reset" && event.data.includes('"skipped"')).length,
    ending: () => {
      const close = events().find((event) => event.event === "close")
      return close ? (JSON.parse(close.data) as { code: string }).code : null
    },
  }
}

/** The events in a chunked answer. */
function eventsIn(answer: string): SseEvent[] {
  const events: SseEvent[] = []
  const parser = new SseParser({ onEvent: (event) => events.push(event) })
  const body = answer.slice(answer.indexOf("\r\n\r\n") + 4)
  parser.push(Buffer.from(unchunk(body), "latin1"))
  return events
}

export const stallable = [
  { name: "WebSocket", stall: stallByWebSocket },
  { name: "laba.v1", stall: stallByLaba },
  { name: "SSE", stall: stallBySse },
] as const

/** True once the message of this number has wholly come, null before. */
export function hasHeard(connection: RawConnection, number: number): true | null {
  const [, after] = connection.tail(2 * fillerBytes + 8192).split(`${number} xxx`)
  return after !== undefined && after.length >= fillerBytes - 3 ? true : null
}
