// Frames of STOMP, and what is none, without end: from somebody without any right, over both roads.
import type { Attack } from "../attack.ts"
import type { AttackedServer } from "../attacked-server.ts"
import { Random } from "../../fuzz/random.ts"
import { seed } from "../../support/seed.ts"
import { hello, openStomp, type Road, roads, type StompAttacker } from "../stomp-attacker.ts"

const times = (count: number, text: string): string => text.repeat(count)

/** Sends a piece again and again, until the connection ends or so many were sent. */
async function flood(client: StompAttacker, piece: string, pieces: number): Promise<void> {
  for (let sent = 0; sent < pieces && !client.isOver; sent++) {
    client.send(piece)
    if (sent % 10 === 9) await Bun.sleep(1)
  }
  await client.over(500)
}

const onEachRoad = async (
  server: AttackedServer,
  act: (client: StompAttacker, road: Road) => Promise<string | null>,
): Promise<string[]> => {
  const findings: string[] = []
  for (const road of roads) {
    await using client = await openStomp(server, road)
    const finding = await act(client, road)
    if (finding !== null) findings.push(`${road}: ${finding}`)
  }
  return findings
}

interface Flood {
  readonly what: string
  readonly piece: string
  readonly pieces: number
  /** Nothing is wrong with it, or nothing that this machine is ended for, which the port takes the attacker for. */
  readonly isAllowed?: boolean
  /** Said before the first piece. */
  readonly first?: string
}

const floods: readonly Flood[] = [
  { what: "a line without end", piece: times(4096, "x".repeat(8)), pieces: 500, first: "CONNECT\na:" },
  { what: "headers without end", piece: times(2000, "a:b\n"), pieces: 500, first: "CONNECT\n" },
  { what: "HTTP", piece: times(500, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), pieces: 200 },
  { what: "NULs", piece: times(30_000, "\0"), pieces: 200 },
  {
    what: "bodies where none are",
    piece: times(1000, "BEGIN\ntransaction:a\n\nbody\0"),
    pieces: 200,
    first: hello,
  },
  { what: "CONNECT again and again", piece: times(1000, hello), pieces: 200 },
  { what: "ACKs of what was never sent", piece: times(1000, "ACK\nid:1-a\n\n\0"), pieces: 200, first: hello },
  {
    what: "SUBSCRIBEs in a loop",
    piece: times(500, "SUBSCRIBE\nid:1\ndestination:/open/a\n\n\0UNSUBSCRIBE\nid:1\n\n\0"),
    pieces: 500,
    first: hello,
  },
  {
    what: "SENDs in a loop",
    piece: times(500, "SEND\ndestination:/open/a\n\nx\0"),
    pieces: 500,
    isAllowed: true,
    first: `${hello}`,
  },
  { what: "COMMITs of nothing", piece: times(500, "COMMIT\ntransaction:a\n\n\0"), pieces: 200, first: hello },
  {
    what: "deep JSON where it may not publish",
    piece: `SEND\ndestination:/news/a\ncontent-type:application/json\n\n${"[".repeat(29_000)}\0`,
    pieces: 200,
    first: hello,
  },
  {
    what: "heart-beats without end",
    piece: times(200_000, "\n"),
    pieces: 300,
    isAllowed: true,
    first: hello,
  },
  {
    what: "transactions begun and given up",
    piece: times(4000, "BEGIN\ntransaction:a\n\n\0ABORT\ntransaction:a\n\n\0"),
    pieces: 30,
    isAllowed: true,
    first: hello,
  },
  {
    what: "transactions begun and committed",
    piece: times(4000, "BEGIN\ntransaction:a\n\n\0COMMIT\ntransaction:a\n\n\0"),
    pieces: 30,
    isAllowed: true,
    first: hello,
  },
  {
    what: "receipts without end",
    piece: times(4000, "BEGIN\ntransaction:a\nreceipt:x\n\n\0ABORT\ntransaction:a\nreceipt:y\n\n\0"),
    pieces: 30,
    isAllowed: true,
    first: hello,
  },
]

export const stompFloods: readonly Attack[] = floods.map(
  ({ what, piece, pieces, isAllowed, first = "" }) => ({
    name: `speaks STOMP and sends ${what}`,
    run: (server) =>
      onEachRoad(server, async (client) => {
        if (first !== "") client.send(first)
        await flood(client, piece, pieces)
        return client.isOver || isAllowed ? null : "was never ended"
      }),
  }),
)

export const stompTinyMessages: Attack = {
  name: "sends STOMP a byte a message, a hundred thousand of them",
  run: async (server) =>
    onEachRoad(server, async (client) => {
      client.send(hello)
      for (let sent = 0; sent < 100_000 && !client.isOver; sent++) {
        client.send("\n")
        if (sent % 1000 === 999) await Bun.sleep(0)
      }
      return null
    }),
}

/** What the reader knows, to be thrown together. */
const words = [
  ...["CONNECT", "SEND", "SUBSCRIBE", "ACK", "\n", "\n\n", ":", "\0", "\r\n", "\\", "\\n", "content-length:"],
  ...["99999999999", "-1", "id:1", "destination:/open/a", "transaction:t", "\ud83d\ude00"],
]

export const stompGarbage: Attack = {
  name: "sends what only looks like STOMP, on a thousand connections",
  async run(server) {
    const random = Random.of(seed, "stomp-garbage", 0)
    const garbage = (): string => Array.from({ length: 200 }, () => random.pick(words)).join("")
    for (let round = 0; round < 50; round++) {
      await Promise.all(
        Array.from({ length: 20 }, async (_, at) => {
          await using client = await openStomp(server, at % 2 === 0 ? "tcp" : "websocket")
          client.send((at % 3 === 0 ? "" : hello) + garbage())
          await client.over(50)
        }),
      )
    }
    return /connection_failed/.test(server.log) ? [`a frame failed by our own fault, with seed ${seed}`] : []
  },
}
