// What the contract of engines is tested with: a fresh engine, an ear that notes what it is told, drafts.
import { expect } from "bun:test"
import type { Keep } from "../../src/channels/channel.ts"
import { parseChannel } from "../../src/channels/name.ts"
import type { Draft, Engine, EngineEvents, Message } from "../../src/engines/engine.ts"
import type { Inventory } from "../../src/engines/inventory.ts"
import { LabaError } from "../../wire/error.ts"

interface EngineUnderTest {
  readonly engine: Engine & Inventory
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

export class Ear implements EngineEvents {
  readonly heard: Message[] = []
  readonly losses: string[] = []

  deliver(message: Message): void {
    this.heard.push(message)
  }

  lost(channel: string): void {
    this.losses.push(channel)
  }

  forgotten(channel: string): void {
    this.losses.push(channel)
  }

  /** Waits until that many messages were delivered. */
  async hears(count: number): Promise<Message[]> {
    for (let i = 0; i < 3000 && this.heard.length < count; i++) await Bun.sleep(10)
    expect(this.heard.length).toBe(count)
    return this.heard
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

/** A fresh engine of a maker's, and its ear. */
export async function open(
  maker: EngineMaker,
  options = { idempotencyKeysMax: 1000, historyBytesMax: 64 * 1024 * 1024 },
) {
  const ear = new Ear()
  const made = await maker.make(ear, options)
  return { ear, engine: made.engine, [Symbol.asyncDispose]: () => made[Symbol.asyncDispose]() }
}
