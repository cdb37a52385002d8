// Random publishing, deleting, leaving and resuming against a model: what a reader hears is a contiguous run of what was
// published, or it was told where it is not.
import { expect, test } from "bun:test"
import fc from "fast-check"
import { type Listener, textOf } from "../support/heard.ts"
import { headOf, publish } from "../support/publish.ts"
import { freshChannel, startServer } from "../support/server.ts"
import { oneCursorTransports, rawWebSocket, sockJsServices, type Transport } from "../support/transports.ts"

const kept = 6
const transports: readonly Transport[] = [rawWebSocket, ...oneCursorTransports]

type Step =
  | { readonly do: "publish"; readonly count: number }
  | { readonly do: "resume"; readonly transport: Transport; readonly from: number }
  | { readonly do: "delete" }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("publish" as const), count: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("resume" as const),
      transport: fc.constantFrom(...transports),
      from: fc.nat(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const) }) },
)

/** A place that a reader may hold the cursor of: after the message `number`, in the numbering `life`. */
interface Place {
  readonly cursor: string
  readonly number: number
  readonly life: number
}

/** What was published and where, with nothing of how. Messages are numbered through all lives of the channel. */
class Model {
  readonly places: Place[] = []
  life = 0
  newest = 0

  /** True when everything after the place can still be given. */
  reaches(place: Place): boolean {
    return place.life === this.life && place.number >= this.newest - kept
  }

  placeOf(cursor: string): Place | undefined {
    return this.places.find((place) => place.cursor === cursor)
  }
}

interface Reader {
  readonly listener: Listener
  readonly transport: Transport
  /** The number heard last, or stood at. */
  at: number
  /** Whether the model says that its first word must be a reset. */
  readonly mustReset: boolean
  resets: number
  ended: boolean
}

/** Hears one word and holds it against the model. */
async function hearOne(reader: Reader, model: Model): Promise<void> {
  const heard = await reader.listener.next()
  if (heard.kind === "end") reader.ended = true
  if (heard.kind === "message") {
    expect(Number(textOf(heard))).toBe(reader.at + 1)
    reader.at++
  }
  if (heard.kind === "reset") {
    reader.resets++
    // A raw WebSocket is given no cursor; its end is the next word.
    if (heard.cursor !== null) reader.at = model.placeOf(heard.cursor)?.number ?? Number.NaN
    expect(reader.at).not.toBeNaN()
  }
}

/** Hears until the newest message or the end, and the reset where there must be one. */
async function hearAll(reader: Reader, model: Model): Promise<void> {
  const isOwedReset = () => reader.mustReset && reader.resets === 0
  while ((reader.at < model.newest || isOwedReset()) && !reader.ended) await hearOne(reader, model)
  // A reset comes first and where the model says so. Polls may also be overtaken by trimming between two requests.
  if (reader.transport.isHeld) expect(reader.resets).toBe(reader.mustReset ? 1 : 0)
}

async function run(base: string, steps: readonly Step[]): Promise<void> {
  const channel = freshChannel("property")
  const url = base + channel
  const model = new Model()
  let readers: Reader[] = []
  const mark = (cursor: string) => model.places.push({ cursor, number: model.newest, life: model.life })
  mark((await headOf(url)).cursor)

  for (const one of steps) {
    if (one.do === "publish") {
      for (let count = 0; count < one.count; count++) {
        model.newest++
        mark((await publish(url, String(model.newest))).cursor)
      }
    } else if (one.do === "resume") {
      const place = model.places[one.from % model.places.length] as Place
      const listener = await one.transport.open(base, channel, place.cursor)
      const mustReset = !model.reaches(place)
      const reader: Reader = {
        listener,
        transport: one.transport,
        at: place.number,
        mustReset,
        resets: 0,
        ended: false,
      }
      readers.push(reader)
      // The first word of a held listener is waited for, or the next step could trim what it asks for on its way.
      if (one.transport.isHeld && one.transport.tellsCursor) await hearOne(reader, model)
    } else {
      for (const reader of readers) await hearAll(reader, model)
      await Promise.all(readers.map((reader) => reader.listener[Symbol.asyncDispose]()))
      readers = []
      await fetch(url, { method: "DELETE" })
      const { cursor } = await headOf(url)
      // What never had a message has nothing to forget: its numbering may go on.
      if (model.placeOf(cursor) === undefined) model.life++
      mark(cursor)
    }
  }
  await publish(url, String(++model.newest)).then((answer) => mark(answer.cursor))
  for (const reader of readers) await hearAll(reader, model)
  await Promise.all(readers.map((reader) => reader.listener[Symbol.asyncDispose]()))
}

test("[C5] [C6] gives every reader a contiguous run of what was published, or a reset that says where it is not", async () => {
  await using server = await startServer({
    ...sockJsServices("/raw"),
    channels: { "/**": { history: { count: kept, bytes: "1MB", time: "10m" } } },
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), (steps) => run(server.base, steps)),
    { numRuns: 100 },
  )
}, 60_000)
