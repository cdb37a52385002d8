// A receiver that a test looks into: keeps what a source hands over, and settles it at once or when it is told to.
import type { Source, SourceMessage, SourceReceiver } from "../../src/ingest/source.ts"
import { eventually } from "../support/eventually.ts"

const decoder = new TextDecoder()

export class Received implements SourceReceiver {
  readonly messages: SourceMessage[] = []
  readonly events: string[] = []
  /** Settles what comes as it comes. */
  settles = true
  /** Set by the test once it is opened. */
  source: Source | null = null
  private gate: PromiseWithResolvers<void> | null = null

  async take(messages: readonly SourceMessage[]): Promise<void> {
    this.messages.push(...messages)
    if (this.settles) this.source?.settle(messages)
    await this.gate?.promise
  }

  async release(): Promise<void> {
    this.events.push("release")
  }

  running(): void {
    if (this.events.at(-1) !== "running") this.events.push("running")
  }

  trouble(sentence: string): void {
    this.events.push(sentence)
  }

  /** From the next message on nothing more is taken, until it is called again. */
  hold(): void {
    this.gate ??= Promise.withResolvers()
  }

  go(): void {
    this.gate?.resolve()
    this.gate = null
  }

  get bodies(): (string | null)[] {
    return this.messages.map(({ body }) => body && decoder.decode(body))
  }

  /** Resolves once so many have come. */
  async has(count: number): Promise<void> {
    await eventually(() => {
      if (this.messages.length < count)
        throw new Error(`${count} messages; got ${this.messages.length}: ${this.events.join(" | ")}`)
    })
  }

  async says(pattern: RegExp): Promise<void> {
    await eventually(() => {
      if (!this.events.some((event) => pattern.test(event)))
        throw new Error(`${pattern}; got ${this.events.join(" | ")}`)
    })
  }
}
