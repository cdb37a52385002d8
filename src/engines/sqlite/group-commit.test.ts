import { describe, expect, test } from "bun:test"
import { LabaError } from "../../../wire/error.ts"
import { GroupCommit, type CommitSteps } from "./group-commit.ts"

/** A disk that does as it is told, and writes down what it was asked. */
class Disk implements CommitSteps<number> {
  readonly story: string[] = []
  /** Thrown by the next writes, or by the next sync. */
  writeFails: Error | null = null
  syncFails: Error | null = null
  severity: "passing" | "lasting" = "passing"
  keepsWhatFailed = false
  /** Resolves the sync that is under way. */
  private syncs: (() => void)[] = []
  held = false

  write(works: readonly number[]): void {
    if (this.writeFails) throw this.writeFails
    this.story.push(`write ${works.join(" ")}`)
  }

  async sync(): Promise<void> {
    if (this.held) await new Promise<void>((resolve) => void this.syncs.push(resolve))
    if (this.syncFails) throw this.syncFails
  }

  letGo(): void {
    this.held = false
    for (const resolve of this.syncs.splice(0)) resolve()
  }

  settle(works: readonly number[]): void {
    this.story.push(`settle ${works.join(" ")}`)
  }

  fail(works: readonly number[]): boolean {
    this.story.push(`fail ${works.join(" ")}`)
    return this.keepsWhatFailed
  }

  async upkeep(): Promise<void> {}

  judge(error: unknown) {
    const says = (error as Error).message
    return { severity: this.severity, says, error: new LabaError("engine_unavailable", says) }
  }

  onTrouble(says: string | null): void {
    this.story.push(says ?? "well again")
  }
}

function make() {
  const disk = new Disk()
  const clock = { ms: 0 }
  const commits = new GroupCommit<number>(disk, () => clock.ms)
  const submit = (...works: number[]) => {
    for (const work of works) {
      commits.check()
      commits.submit(work, 10)
    }
  }
  return { disk, clock, commits, submit }
}

const turns = async (count = 5) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

describe("a group commit", () => {
  test("takes together what came in one turn, and what comes while the disk is busy", async () => {
    const { disk, submit } = make()
    disk.held = true
    submit(1, 2)
    await turns()
    submit(3)
    submit(4, 5)
    await turns()
    expect(disk.story).toEqual(["write 1 2"])
    disk.letGo()
    await turns(10)
    expect(disk.story).toEqual(["write 1 2", "settle 1 2", "write 3 4 5", "settle 3 4 5"])
  })

  test("is bounded in works and in bytes", async () => {
    const { disk, commits } = make()
    for (let i = 0; i < 1500; i++) commits.submit(i, 10)
    for (let i = 0; i < 4; i++) commits.submit(9000 + i, 600_000)
    await turns(20)
    const sizes = disk.story
      .filter((line) => line.startsWith("write"))
      .map((line) => line.split(" ").length - 1)
    expect(sizes).toEqual([1024, 478, 2])
  })

  test("refuses when too much waits, and accepts again when it does not", async () => {
    const { disk, commits, submit } = make()
    disk.held = true
    for (let i = 0; i < 20_000; i++) commits.submit(i, 1)
    expect(() => submit(1)).toThrow("faster than the disk")
    disk.letGo()
    await turns(60)
    submit(1)
    await turns()
    expect(disk.story.at(-1)).toBe("settle 1")
  })
})

describe("a disk that fails", () => {
  test("fails all that waits, is left alone for a second, and is well again with the next that succeeds", async () => {
    const { disk, clock, submit } = make()
    disk.writeFails = new Error("full")
    submit(1, 2)
    await turns()
    expect(disk.story).toEqual(["full", "fail 1 2"])
    clock.ms = 999
    expect(() => submit(3)).toThrow("full")
    clock.ms = 1000
    submit(3)
    await turns()
    expect(disk.story.slice(2)).toEqual(["fail 3"])
    disk.writeFails = null
    clock.ms = 2000
    submit(4)
    await turns()
    expect(disk.story.slice(3)).toEqual(["write 4", "well again", "settle 4"])
  })

  test("is tried again although the clock was set back meanwhile", async () => {
    const { disk, clock, submit } = make()
    clock.ms = 3_600_000
    disk.writeFails = new Error("full")
    submit(1)
    await turns()
    disk.writeFails = null
    clock.ms = 1000
    submit(2)
    await turns()
    expect(disk.story).toEqual(["full", "fail 1", "write 2", "well again", "settle 2"])
  })

  test("that could not make durable what it took is not believed again", async () => {
    const { disk, clock, submit } = make()
    disk.syncFails = new Error("lost")
    submit(1)
    await turns()
    disk.syncFails = null
    clock.ms = 1e9
    expect(() => submit(2)).toThrow("lost")
    expect(disk.story).toEqual(["write 1", "lost; publishes are refused until it is started again", "fail 1"])
  })

  test("gets what was acknowledged before it once more, in order, and nothing new until then", async () => {
    const { disk, clock, commits, submit } = make()
    disk.keepsWhatFailed = true
    disk.writeFails = new Error("full")
    submit(1, 2)
    await turns()
    expect(() => submit(3)).toThrow("full")
    expect(commits.isEmpty).toBe(false)
    disk.writeFails = null
    clock.ms = 1000
    submit(3)
    await turns()
    expect(disk.story.slice(2)).toEqual(["write 1 2 3", "well again", "settle 1 2 3"])
  })

  test("does not keep us from ending, also with what could not be written", async () => {
    const { disk, commits, submit } = make()
    disk.keepsWhatFailed = true
    disk.writeFails = new Error("full")
    submit(1)
    await turns()
    await commits.end()
    expect(commits.isEmpty).toBe(false)
    expect(() => submit(2)).toThrow()
  })
})

test("ends after all that waits is answered", async () => {
  const { disk, commits, submit } = make()
  submit(1, 2, 3)
  await commits.end()
  expect(disk.story).toEqual(["write 1 2 3", "settle 1 2 3"])
  expect(() => submit(4)).toThrow("closing")
})
