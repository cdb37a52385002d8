// The messages of one source partition, in order: each becomes steps in lanes, and is settled when those before it are.
import { LabaError } from "../../../wire/error.ts"
import type { Channel } from "../../channels/channel.ts"
import type { Payload } from "../../engines/engine.ts"
import { SourceGap, type SourceMark } from "../../engines/source-mark.ts"
import type { SourceMessage } from "../source.ts"
import type { Outcome } from "../template/message-route.ts"
import { writeDeadLetter } from "./dead-letter.ts"
import { Lane, type Step } from "./lane.ts"
import type { PipelineOptions } from "./pipeline.ts"

interface Entry {
  readonly message: SourceMessage
  /** Steps that are not done. */
  left: number
}

/** How long an id counts, where a source has no positions, and how many of one source partition do. */
const idWindow = { count: 100_000, milliseconds: 24 * 3600 * 1000 } as const

/** Of what is set aside in a channel after the engine has refused it. */
const refusedWindow = { count: 10_000, milliseconds: 24 * 3600 * 1000 } as const

/** Where messages are set aside at their source, one after the other. */
const asideLane = "aside"

const encoder = new TextEncoder()

export class PartitionQueue {
  private readonly options: PipelineOptions
  private readonly gone: (messages: readonly SourceMessage[]) => void
  private readonly entries: Entry[] = []
  private readonly lanes = new Map<string, Lane>()
  private settling = false
  private released = false
  private idle = Promise.withResolvers<void>()

  /** `gone` hears of messages that need no memory any more. */
  constructor(options: PipelineOptions, gone: (messages: readonly SourceMessage[]) => void) {
    this.options = options
    this.gone = gone
  }

  add(message: SourceMessage): void {
    if (this.released) return this.gone([message])
    const entry: Entry = { message, left: 1 }
    this.entries.push(entry)
    const outcome = this.options.route.outcomeOf(message)
    if (outcome.kind === "publish") this.publish(entry, outcome)
    else if (outcome.kind === "at-fault") this.setAside(entry, outcome.reason)
    else this.options.report.passedOver()
    // The one that it began with: an entry whose steps are done at once is done only now.
    this.stepDone(entry)
  }

  /** Drops what was not handed over. Resolves once the rest is answered, and settled where it was published. */
  async release(): Promise<void> {
    this.released = true
    const lanes = [...this.lanes.values()]
    for (const lane of lanes) lane.release()
    while (lanes.some((lane) => !lane.isIdle)) await this.idle.promise
    this.settle()
    this.gone(this.entries.map(({ message }) => message))
    this.entries.length = 0
  }

  private publish(entry: Entry, outcome: Extract<Outcome, { kind: "publish" }>): void {
    const { channels, connection, payload, id } = outcome
    const { port, positions, report } = this.options
    entry.left += channels.length + (connection === null ? 0 : 1)
    for (const [index, channel] of channels.entries()) {
      const lane = positions ? `part ${port.partOf(channel)}` : `channel ${channel}`
      const place = placeOf(index)
      this.addStep(lane, entry, {
        position: this.positionOf(entry.message, place),
        room: () => port.room(channel),
        run: (mark) => port.publish(channel, payload, mark),
        id: id === null ? null : `${id}/${place}`,
        channel,
      })
    }
    if (connection === null) return
    this.addStep(`connection ${connection}`, entry, {
      position: null,
      room: () => null,
      // Who has gone hears nothing, and that is no fault of the message.
      run: () =>
        port.push(connection, payload).catch((error: unknown) => {
          if (!(error instanceof LabaError) || error.retry !== "stay-away") throw error
          report.passedOver()
        }),
      id: null,
      channel: null,
    })
  }

  private setAside(entry: Entry, reason: string, refusedAs: string | null = null): void {
    const { deadLetters, port, positions, name, report } = this.options
    const { message } = entry
    entry.left++
    if ("setAside" in deadLetters) {
      this.addStep(asideLane, entry, {
        position: null,
        room: () => null,
        run: async () => {
          await deadLetters.setAside(message, reason)
          report.setAside(message, reason)
        },
        id: null,
        channel: null,
      })
      return
    }
    const { channel, bytesMax } = deadLetters
    const text = writeDeadLetter(message, { ingest: name, reason, bytesMax: bytesMax() })
    const payload: Payload = { type: "application/json", data: text, bytes: encoder.encode(text).length }
    const known = refusedAs ?? message.position
    // What the engine has refused comes out of order here: only an id tells whether it was set aside before.
    const isInOrder = positions && refusedAs === null
    this.addStep(isInOrder ? `part ${port.partOf(channel)}` : `channel ${channel}`, entry, {
      position: isInOrder ? this.positionOf(message, placeOf(0)) : null,
      room: () => port.room(channel),
      run: (mark) => port.publish(channel, payload, mark),
      id: isInOrder || known === null ? null : `${known}/aside`,
      channel: null,
      isAside: reason,
    })
  }

  private positionOf({ position }: SourceMessage, place: string): string | null {
    return this.options.positions && position !== null ? `${position}/${place}` : null
  }

  private addStep(
    laneName: string,
    entry: Entry,
    {
      position,
      room,
      run,
      id,
      channel,
      isAside,
    }: {
      readonly position: string | null
      readonly room: Step["room"]
      readonly run: (mark: SourceMark | undefined) => ReturnType<Step["run"]>
      readonly id: string | null
      /** Where it is published; null for what is no message of its own. */
      readonly channel: Channel | null
      readonly isAside?: string
    },
  ): void {
    const { report, name } = this.options
    const partition = enginePartition(name, entry.message.partition)
    const markAfter = (previous: string | null): SourceMark | undefined => {
      if (position !== null) return { partition, position, previous }
      if (id === null) return undefined
      return { partition, id, window: isAside === undefined ? idWindow : refusedWindow }
    }
    const publishedAs = (answer: unknown): void => {
      const isDuplicate = (answer as { duplicate?: boolean } | undefined)?.duplicate === true
      if (isDuplicate) report.duplicate()
      else if (isAside !== undefined) report.setAside(entry.message, isAside)
      else if (channel !== null) report.published()
    }
    this.laneOf(laneName).add({
      position,
      room,
      run(previous) {
        const answer = run(markAfter(previous))
        if (!(answer instanceof Promise)) return publishedAs(answer)
        return answer.then(publishedAs)
      },
      done: () => this.stepDone(entry),
      refused: (error) => {
        // It is not said where it cannot even be set aside: the log and the count are all that is left.
        if (isAside !== undefined || channel === null) report.setAsideFailed(entry.message, error)
        else this.setAside(entry, error.detail, position ?? id ?? entry.message.position)
        this.stepDone(entry)
      },
    })
  }

  private laneOf(name: string): Lane {
    const known = this.lanes.get(name)
    if (known) return known
    const { clock, random, positions, report } = this.options
    const lane = new Lane({
      clock,
      random,
      underWayMax: positions && name.startsWith("part ") ? Infinity : 1,
      onTrouble: (error) => {
        if (name === asideLane) report.sourceTrouble(error)
        else if (!(error instanceof SourceGap)) report.engineTrouble(error)
      },
      onSuccess: () => {
        if (name !== asideLane) report.engineWorks()
      },
      onIdle: () => {
        // Of channels there may be very many; a part of the engine is worth its memory, which knows what was handed to it last.
        if (!name.startsWith("part ")) this.lanes.delete(name)
        this.idle.resolve()
        this.idle = Promise.withResolvers()
      },
    })
    this.lanes.set(name, lane)
    return lane
  }

  private stepDone(entry: Entry): void {
    entry.left--
    if (entry.left > 0 || this.settling || this.entries[0] !== entry) return
    this.settling = true
    // What is answered in one turn is settled at once.
    queueMicrotask(() => this.settle())
  }

  private settle(): void {
    this.settling = false
    let count = 0
    while (this.entries[count]?.left === 0) count++
    if (count === 0) return
    const messages = this.entries.splice(0, count).map(({ message }) => message)
    this.options.report.settled(messages)
    this.gone(messages)
  }
}

/** How the engine knows a partition; none of these begins another. */
export const enginePartition = (ingest: string, partition: string): string => `${ingest}:${partition};`

/** Several channels of one message are places one after the other; so written that they sort so, also beside another count of them. */
const placeOf = (index: number): string => String(index).padStart(2, "0")
