// The same for many channels under one compound cursor: each channel by itself is a contiguous run or is reset by name,
// and one that is reset takes none of the others with it.
import { expect, test } from "bun:test"
import fc from "fast-check"
import { type HeardMessage, type Listener, textOf } from "../support/heard.ts"
import { publish } from "../support/publish.ts"
import { listenByPoll } from "../support/poller.ts"
import { freshChannel, startServer } from "../support/server.ts"
import { listenBySse } from "../support/sse-stream.ts"

const kept = 4
const width = 3

type Step =
  | { readonly do: "publish"; readonly to: number }
  | { readonly do: "resume"; readonly by: "stream" | "poll"; readonly from: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("publish" as const), to: fc.nat({ max: width - 1 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("resume" as const),
      by: fc.constantFrom("stream" as const, "poll" as const),
      from: fc.nat(),
    }),
  },
)

/** A compound cursor and the number of each channel's message that it stands after. */
interface Place {
  readonly cursor: string
  readonly numbers: readonly number[]
}

interface Reader {
  readonly listener: Listener
  readonly by: "stream" | "poll"
  /** Where it stands in each channel. */
  readonly at: number[]
  /** Channels that must be reset first, with where they then stand. */
  readonly mustReset: Map<number, number>
}

const isDone = (reader: Reader, newest: readonly number[]): boolean =>
  reader.mustReset.size === 0 && reader.at.every((number, index) => number === newest[index])

/** Hears until it stands at the newest everywhere, and holds every word against the model. */
async function hearAll(
  reader: Reader,
  channels: readonly string[],
  newest: readonly number[],
): Promise<void> {
  while (!isDone(reader, newest)) {
    const heard = await reader.listener.next()
    if (heard.kind === "position") continue
    if (heard.kind === "end") throw new Error(`ended: ${JSON.stringify(heard)}`)
    const index = channels.indexOf(heard.channel as string)
    if (heard.kind === "reset") {
      const stands = reader.mustReset.get(index)
      expect([heard.channel, stands]).not.toEqual([heard.channel, undefined])
      reader.at[index] = stands as number
      reader.mustReset.delete(index)
    } else {
      expect([index, numberIn(heard)]).toEqual([index, (reader.at[index] as number) + 1])
      reader.at[index] = numberIn(heard)
    }
  }
}

const numberIn = (message: HeardMessage): number => Number(textOf(message))

async function run(base: string, steps: readonly Step[]): Promise<void> {
  const root = freshChannel("property")
  const channels = Array.from({ length: width }, (_, index) => `${root}/${index}`)
  const query = channels.map((channel) => `channel=${channel}`).join("&")
  const newest = channels.map(() => 0)
  // One that was never away, from whom the others have their cursors.
  await using witness = await listenBySse(`${base}/_/events?${query}`)
  const places: Place[] = [{ cursor: await witness.position(), numbers: [...newest] }]
  const readers: Reader[] = []

  const publishTo = async (index: number): Promise<void> => {
    const number = (newest[index] as number) + 1
    newest[index] = number
    await publish(base + channels[index], String(number))
    const { cursor } = await witness.message()
    places.push({ cursor: cursor as string, numbers: [...newest] })
  }

  for (const one of steps) {
    if (one.do === "publish") {
      await publishTo(one.to)
      continue
    }
    const { cursor, numbers } = places[one.from % places.length] as Place
    const mustReset = new Map<number, number>()
    for (const [index, number] of numbers.entries()) {
      if ((newest[index] as number) - number > kept) mustReset.set(index, newest[index] as number)
    }
    const listener =
      one.by === "stream"
        ? await listenBySse(`${base}/_/events?${query}`, { lastEventId: cursor })
        : await listenByPoll({ url: `${base}/_/poll?${query}`, after: cursor, waitSeconds: 25 })
    const reader: Reader = { listener, by: one.by, at: [...numbers], mustReset }
    readers.push(reader)
    // What it missed is heard before the next step, which could trim it on its way.
    await hearAll(reader, channels, newest)
    if (one.by === "poll") await listener[Symbol.asyncDispose]()
  }
  for (const index of channels.keys()) await publishTo(index)
  for (const reader of readers) {
    // A poll could be overtaken by trimming; it has shown what it had to.
    if (reader.by === "stream") await hearAll(reader, channels, newest)
    await reader.listener[Symbol.asyncDispose]()
  }
}

test("[M2] [M4] gives every channel of a compound cursor a contiguous run, or resets that one by name", async () => {
  await using server = await startServer({
    channels: { "/**": { history: { count: kept, bytes: "1MB", time: "10m" } } },
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), (steps) => run(server.base, steps)),
    { numRuns: 80 },
  )
}, 60_000)
