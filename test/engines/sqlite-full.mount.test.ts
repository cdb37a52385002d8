// A disk that is full, for real: a small one is mounted for the test.
import { expect, test } from "bun:test"
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { LabaError } from "../../wire/error.ts"
import type { Channel } from "../../src/channels/channel.ts"
import type { SqliteEngine } from "../../src/engines/sqlite/sqlite-engine.ts"
import { smallDisk } from "../support/small-disk.ts"
import { draft, Folder, keep, keyed, readAll, textsOf } from "./stored.ts"

const kept = { ...keep, count: 100_000, bytes: 1e9 }

/** Publishes until it is refused; answers what was acknowledged. */
async function publishUntilRefused(
  engine: SqliteEngine,
): Promise<{ acknowledged: string[]; refusal: LabaError }> {
  const acknowledged: string[] = []
  for (let i = 0; i < 10_000; i++) {
    const text = `${i}:${"x".repeat(2000)}`
    try {
      await engine.publish(keyed(`/c${i % 3}`, text), kept)
      acknowledged.push(text)
      // With `first` the answer comes before the disk is asked.
      await new Promise((resolve) => setImmediate(resolve))
    } catch (error) {
      return { acknowledged, refusal: error as LabaError }
    }
  }
  throw new Error("the disk was never full")
}

for (const acknowledge of ["durable", "first"] as const) {
  test(`acknowledge: ${acknowledge}: publishes are refused while the disk is full, nothing acknowledged is lost, and it goes on when there is room`, async () => {
    using disk = smallDisk(16)
    await using folder = new Folder(join(disk.path, "data"))
    const lines: string[] = []
    let ms = Date.now()
    const options = {
      acknowledge,
      now: () => ms,
      onTrouble: (says: string | null) => void lines.push(says ?? "again"),
    }
    const engine = folder.open(options)
    const ballast = join(disk.path, "ballast")
    writeFileSync(ballast, Buffer.alloc(13 * 1024 * 1024))

    const { acknowledged, refusal } = await publishUntilRefused(engine)
    expect(refusal).toBeInstanceOf(LabaError)
    expect(refusal.code).toBe("engine_unavailable")
    expect(refusal.retryAfterSeconds).toBeGreaterThan(0)
    expect(refusal.message).toContain("is full")
    expect(lines.join()).toContain("is full")
    expect(acknowledged.length).toBeGreaterThan(100)

    // Reading and listening go on; so do channels that keep nothing, and answers to keys that are known.
    const everything = async (from: SqliteEngine) => {
      const read: unknown[] = []
      for (let c = 0; c < 3; c++) {
        const { epoch } = from.state(`/c${c}` as Channel, kept).tail
        read.push(...(textsOf(await readAll(from, `/c${c}`, { epoch, offset: 0 }, kept)) as unknown[]))
      }
      return read.toSorted()
    }
    expect(await everything(engine)).toEqual(acknowledged.toSorted())
    await engine.listen("/new" as Channel, kept)
    expect((await engine.publish(draft("/lossy"), null)).duplicate).toBe(false)
    const first = acknowledged[0] as string
    expect((await engine.publish(keyed("/c0", first), kept)).duplicate).toBe(true)

    rmSync(ballast)
    ms += 2000
    const after = await retried(() => engine.publish(keyed("/c0", "after"), kept))
    expect(after.duplicate).toBe(false)
    await engine.runUpkeep()
    expect(lines.at(-1)).toBe("again")
    await engine.close()
    const again = folder.open(options)
    expect(await everything(again)).toEqual([...acknowledged, "after"].toSorted())
  }, 60_000)
}

/** Until it is accepted; a test that hangs fails at its deadline. */
async function retried<T>(act: () => T | Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof LabaError && error.code === "engine_unavailable")) throw error
      await Bun.sleep(20)
    }
  }
}
