// Listeners and publishers of a run, over HTTP as clients do: who loses the node goes on at another, from the cursor.
import { parseCursor, printCursor } from "../../../wire/cursor.ts"
import type { Channel } from "../../../src/channels/channel.ts"
import type { Message } from "../../../src/engines/engine.ts"
import type { Random } from "../../fuzz/random.ts"
import { type Listener, textOf } from "../../support/heard.ts"
import { post, type PublishAnswer } from "../../support/publish.ts"
import { listenByStomp } from "../../support/stomp-listener.ts"
import { laba, longPoll, sse, stomp, type Transport } from "../../support/transports.ts"
import type { ListenerRecord, Ledger } from "../ledger.ts"
import type { Nodes, Port } from "./nodes.ts"

interface Way extends Pick<Transport, "open"> {
  readonly name: string
  /** Where it comes to a node. Default `http`. */
  readonly port?: Port
}

const stompOverTcp: Way = { name: "STOMP over TCP", port: "stomp", open: stomp.open }

/** What comes waits in the history, and not in the node, until what came before is acknowledged. */
const acknowledging = ({ name, ...way }: Way): Way => ({
  ...way,
  name: `acknowledging ${name}`,
  open: (base, channel, after) => listenByStomp(base, channel, after, { acknowledges: true }),
})

/** The ways to listen that tell cursors: who listens changes between none of them, and each is tried on each channel. */
export const ways: readonly Way[] = [
  laba,
  stomp,
  stompOverTcp,
  acknowledging(stomp),
  acknowledging(stompOverTcp),
  sse,
  longPoll,
]

/** A run that ends closes its listeners; until then they wait for whatever comes. */
const patienceMs = 3_600_000

/** A client comes back after that long, and one more time as long at most. */
const comeBackMs = 50

interface ListeningOptions {
  readonly nodes: Nodes
  readonly random: Random
}

/** Listens for as long as the run lasts. Answers how to stop. */
export function listenOn(
  record: ListenerRecord,
  way: Way,
  { nodes, random }: ListeningOptions,
): () => Promise<void> {
  let stopped = false
  let current: Listener | null = null
  const connection = async (): Promise<void> => {
    const node = nodes.any()
    if (!node) return
    const { position } = record
    const after = position ? printCursor(record.channel, position) : undefined
    const listener = await way.open(
      nodes.addressForListeners(node, way.port ?? "http"),
      record.channel,
      after,
    )
    current = listener
    try {
      if (!stopped) await hear(listener, record)
    } finally {
      await listener[Symbol.asyncDispose]()
    }
  }
  const run = async (): Promise<void> => {
    while (!stopped) {
      // Refused, cut or sent away: it comes back.
      await connection().catch(() => undefined)
      if (!stopped) await Bun.sleep(comeBackMs + random.below(comeBackMs))
    }
  }
  const done = run()
  return async () => {
    stopped = true
    // Nobody waits for what does not come any more.
    current?.inbox.fail("the run is over")
    await current?.[Symbol.asyncDispose]()
    await done
  }
}

/** Until the end of one connection. */
async function hear(listener: Listener, record: ListenerRecord): Promise<void> {
  for (;;) {
    const heard = await listener.next(patienceMs)
    if (heard.kind === "end") return
    const cursor = heard.kind === "message" ? heard.ownCursor : heard.cursor
    const position = parseCursor(cursor ?? "", record.channel)
    if (!position) throw new Error(`${record.name} was given the cursor ${cursor}`)
    // Who resumes goes on where it was; a reset, if there is one, follows.
    if (heard.kind === "position") {
      if (record.position === null) record.begin(position, "start")
    } else if (heard.kind === "reset") record.begin(position, heard.reason ?? "")
    else record.receive(messageOf(record.channel, position, textOf(heard)))
  }
}

export const messageOf = (
  channel: string,
  { epoch, offset }: { epoch: string; offset: number },
  data: string,
): Message => ({
  channel: channel as Channel,
  epoch,
  offset,
  type: "text/plain",
  data,
  bytes: data.length,
  id: "",
  time: 0,
})

/** An answer that has not come by then is not waited for: Redis may stand still, and the publish is sent again under its key. */
const answerMs = 5000

interface PublishingOptions extends ListeningOptions {
  readonly ledger: Ledger
  readonly goesOn: () => boolean
}

/** Publishes one text after the other at any node, each under its key until it was answered; no longer when no node is left. */
export async function publishOn(
  channel: string,
  name: string,
  { nodes, random, ledger, goesOn }: PublishingOptions,
): Promise<void> {
  for (let number = 1; goesOn(); number++) {
    const text = `${name}:${number}`
    for (;;) {
      try {
        const position = await publishOnce(nodes, channel, text)
        ledger.answered.push({ channel, text, position })
        break
      } catch (error) {
        if (nodes.alive.length === 0 && !goesOn()) return
        ledger.lastRefusal = String(error)
        await Bun.sleep(20 + random.below(50))
      }
    }
    await Bun.sleep(random.below(40))
  }
}

async function publishOnce(nodes: Nodes, channel: string, text: string) {
  const node = nodes.any()
  if (!node) throw new Error("no node is there")
  const answer = await Promise.race([
    post(node.base + channel, text, { key: text }),
    Bun.sleep(answerMs).then(() => Promise.reject(new Error("no answer"))),
  ])
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`)
  const position = parseCursor(((await answer.json()) as PublishAnswer).cursor, channel)
  if (!position) throw new Error("an answer without a cursor")
  return position
}
