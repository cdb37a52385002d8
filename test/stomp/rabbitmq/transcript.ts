// What a server answers to a stream of frames, in lines that can be compared with those of another server.
import { bodyText, openStompSocket, type StompFrame } from "../../support/stomp.ts"

/** Bytes as they are, or a frame. `@` is a destination's name of this run alone, `$ack` the header `ack` of the last MESSAGE. */
export type Step =
  string | readonly [command: string, headers: Readonly<Record<string, string>>, body?: string]

interface Place {
  readonly base: string
  readonly path: string
}

/** Headers that one of the two gives and the other does not, each with its reason. */
const ownHeaders: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  CONNECTED: { "heart-beat": "1.0 has no heart-beats, and there it is told of them all the same" },
  RECEIPT: {
    cursor: "that of a SUBSCRIBE says here where it stands",
    history: "that of a SUBSCRIBE says here whether there is any",
    recovered: "that of a SUBSCRIBE says here whether it goes on from its cursor",
  },
  MESSAGE: {
    cursor: "here a client can go on from it",
    redelivered: "here nothing is delivered again",
    receipt: "the publisher's own, which is none of the listener's here",
    transaction: "the publisher's own, which is none of the listener's here",
  },
  ERROR: {
    code: "stable here, so that programs may know it",
    retry: "whether to try again is said here",
    "receipt-id": "which frame it is about is said here",
    version: "there in every ERROR, here until a version was agreed on",
  },
}

/** Headers whose values are each server's own. */
const ownValues = ["session", "server", "heart-beat", "message-id", "ack", "message"]

/** Those of `ownHeaders` that were met: what is met no more is to be taken off the list. */
export const metHeaders = new Set<string>()

export const listedHeaders = (): string[] =>
  Object.entries(ownHeaders).flatMap(([command, names]) =>
    Object.keys(names).map((name) => `${command} ${name}`),
  )

function told({ command, headers, ...frame }: StompFrame): string {
  const shown = Object.keys(headers)
    .sort()
    .flatMap((name) => {
      if (ownHeaders[command]?.[name] !== undefined) {
        metHeaders.add(`${command} ${name}`)
        return []
      }
      // What an ERROR says in words is each server's own.
      const isOwn = ownValues.includes(name) || (command === "ERROR" && name === "content-length")
      return [isOwn ? name : `${name}=${headers[name]}`]
    })
  const body = command === "MESSAGE" ? ` ${JSON.stringify(bodyText({ command, headers, ...frame }))}` : ""
  return [command, ...shown].join(" ") + body
}

let names = 0

const lastMessageMs = 200

/** Behind a frame that is answered by nothing it is not waited longer. */
const silenceMs = 3000

/** All that a server answers, until it has ended the connection or answers no more. */
export async function transcript({ base, path }: Place, steps: readonly Step[]): Promise<string[]> {
  const name = `run.${process.pid}.${names++}`
  const client = await openStompSocket(base, { path })
  const lines: string[] = []
  const rest = [...steps]
  let ack: string | undefined
  let waitsForAck = false
  const spelled = (text: string): string => text.replaceAll("@", name).replaceAll("$ack", ack ?? "")
  const step = (): void => {
    const next = rest[0]
    if (next === undefined) return
    waitsForAck = JSON.stringify(next).includes("$ack") && ack === undefined
    if (waitsForAck) return
    rest.shift()
    if (typeof next === "string") return client.sendRaw(spelled(next))
    const [command, headers, body] = next
    const entries = Object.entries(headers).map(([header, value]) => [header, spelled(value)])
    client.send(command, Object.fromEntries(entries), body)
  }
  const note = (frame: StompFrame): void => void lines.push(told(frame).replaceAll(name, "@"))
  step()
  for (;;) {
    const frame = await client.frames.next(silenceMs).catch(() => null)
    if (frame === null) {
      lines.push((await Promise.race([client.ended.promise, null])) === null ? "(nothing)" : "(the end)")
      break
    }
    note(frame)
    if (frame.command === "MESSAGE") ack = frame.headers["ack"]
    // RabbitMQ leaves a connection open for a while behind its last frame.
    if (frame.command === "ERROR" || frame.headers["receipt-id"] === "bye") break
    // The next is sent once this was answered, so that the order of answers is no matter of luck.
    if (frame.command !== "MESSAGE" || waitsForAck) step()
  }
  // A message may come behind the receipt of what was sent after it.
  await Bun.sleep(lastMessageMs)
  while (client.frames.ready > 0) note(await client.frames.next())
  client.close()
  // A MESSAGE and the receipt of its SEND come in either order.
  return lines.toSorted()
}
