// What the contract of engines is tested with: a fresh engine, a record of what it tells, drafts.
import { expect } from "bun:test"
import type { Keep } from "../../src/channels/channel.ts"
import { parseChannel } from "../../src/channels/name.ts"
import type { Draft, Engine, EngineEvents, Message, SourceKeeper } from "../../src/engines/engine.ts"
import type { Inventory } from "../../src/engines/inventory.ts"
import { LabaError } from "../../wire/error.ts"

interface EngineUnderTest {
  readonly engine: Engine & SourceKeeper & Inventory
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

export interface EngineMaker {
  make(
    events: EngineEvents,
    options: { readonly idempotencyKeysMax: number; readonly historyBytesMax: number },
  ): Promise<EngineUnderTest>
}

export const keep: Keep = { count: 100, bytes: 1e6, timeMs: 60_000 }
export const bounds = { messages: 1000, bytes: 1e6 }

export class RecordedEvents implements EngineEvents {
  readonly messages: Message[] = []
  readonly losses: string[] = []

  deliver(message: Message): void {
    this.messages.push(message)
  }

  lost(channel: string): void {
    this.losses.push(channel)
  }

  forgotten(channel: string): void {
    this.losses.push(channel)
  }

  /** Waits until that many messages were delivered. */
  async receive(count: number): Promise<Message[]> {
    for (let i = 0; i < 3000 && this.messages.length < count; i++) await Bun.sleep(10)
    expect(this.messages.length).toBe(count)
    return this.messages
  }
}

let drafts = 0

export function draft(channel: string, data: string | Uint8Array, more: Partial<Draft> = {}): Draft {
  drafts++
  return {
    channel: parseChannel(channel, "body"),
    type: typeof data === "string" ? "text/plain" : "application/octet-stream",
    data,
    bytes: typeof data === "string" ? Buffer.byteLength(data) : data.length,
    id: `test.${drafts}`,
    ...more,
  }
}

export async function codeOf(act: () => unknown): Promise<string> {
  try {
    await act()
    return "no error"
  } catch (error) {
    return error instanceof LabaError ? error.code : String(error)
  }
}

/** A fresh engine of a maker's, and what it tells. */
export async function open(
  maker: EngineMaker,
  options = { idempotencyKeysMax: 1000, historyBytesMax: 64 * 1024 * 1024 },
) {
  const events = new RecordedEvents()
  const made = await maker.make(events, options)
  return { events, engine: made.engine, [Symbol.asyncDispose]: () => made[Symbol.asyncDispose]() }
}
