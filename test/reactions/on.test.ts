// `laba on` in a process of its own, against a real server: what it runs, what it survives, what it sets aside.
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { readdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { ServeOptions } from "../../src/server/index.ts"
import { emptyFolder, laba, LabaProcess } from "../cli/laba.ts"
import { numbers, publish, publishAll } from "../support/publish.ts"
import { freshChannel, startServer } from "../support/server.ts"

/** Several processes are started in each test, and a busy machine takes its time. */
setDefaultTimeout(60_000)

/** One write a message: of two commands at once none is torn. */
const append = `printf '%s\\n' "$(cat)" >> "$OUT"`

const kept = { channels: { "/**": { history: { count: 5000, bytes: "4MB", time: "1h" } } } } as const

const linesOf = async (path: string): Promise<string[]> =>
  (await readFile(path, "utf8").catch(() => "")).split("\n").filter((line) => line !== "")

/** Waits until a file has so many lines, without a deadline of its own: the test has one. */
async function grown(path: string, count: number): Promise<string[]> {
  for (;;) {
    const lines = await linesOf(path)
    if (lines.length >= count) return lines
    await Bun.sleep(10)
  }
}

/** Waits until a process has ended. One that nobody has buried yet is a zombie, and has. */
async function ended(pid: number): Promise<void> {
  for (;;) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") Z")
    if (/\) [ZX]/.test(stat)) return
    await Bun.sleep(10)
  }
}

/** Whether a command with this in its line is running. */
async function isRunning(mark: string): Promise<boolean> {
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const words = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0")
    if (words[0] === "/bin/sh" && words[2]?.includes(mark)) return true
  }
  return false
}

async function stage(options: ServeOptions = kept) {
  const server = await startServer(options)
  const folder = await emptyFolder()
  const channel = freshChannel("react")
  const out = join(folder.path, "out")
  const state = join(folder.path, "state")
  const run = (exec: string, ...more: string[]) =>
    new LabaProcess(["on", server.base + channel, "--exec", exec, "--state", state, ...more], {
      cwd: folder.path,
      env: { OUT: out },
    })
  return {
    url: server.base + channel,
    channel,
    folder: folder.path,
    out,
    state,
    run,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

describe("laba on", () => {
  test("is done with a message when its command has exited, whatever that left in the background", async () => {
    await using at = await stage()
    await using reaction = at.run('cat >> "$OUT"; echo >> "$OUT"; sleep 600 & echo $! >> "$OUT.pids"')
    await reaction.says(/reacting to/)
    await publishAll(at.url, ["one", "two"])
    expect(await grown(at.out, 2)).toEqual(["one", "two"])
    // Nor does it keep the process.
    reaction.signal("SIGTERM")
    expect(await reaction.ended()).toBe(0)
    const left = await grown(`${at.out}.pids`, 2)
    for (const pid of left) process.kill(Number(pid))
  })

  test("prints why a command failed without what a terminal would obey", async () => {
    await using at = await stage()
    await using reaction = at.run("cat >&2; exit 1", "--tries", "1")
    await reaction.says(/reacting to/)
    await publish(at.url, "no \u001b[2Jpaper\u009b31m")
    await reaction.says(/set aside after one try/)
    const said = reaction.err.split("\n").find((line) => line.includes("set aside after"))
    expect(said).toContain("failed: ended with 1: no \\u001b[2Jpaper\\u009b31m; set aside")
    await using aside = at.run("unused", "--aside")
    expect(await aside.ended()).toBe(0)
    expect(aside.out).not.toMatch(/[^\P{Cc}\n]/u)
    expect(JSON.parse(aside.out)).toMatchObject({ message: { data: "no \u001b[2Jpaper\u009b31m" } })
  })

  test("runs the command for each message, the payload on its input, the facts in its environment", async () => {
    await using at = await stage()
    await using reaction = at.run(
      'printf "%s %s %s %s\\n" "$(cat)" "$LABA_CHANNEL" "$LABA_TYPE" "$LABA_ATTEMPT" >> "$OUT"',
    )
    await reaction.says(/reacting to/)
    // Nothing of a message is ever read by a shell.
    const hostile = "$(touch hacked); `touch hacked`; ' \" ; touch hacked"
    await publish(at.url, hostile)
    await publish(at.url, '{"a": 1}', { type: "application/json" })
    expect(await grown(at.out, 2)).toEqual([
      `${hostile} ${at.channel} text/plain 1`,
      `{"a": 1} ${at.channel} application/json 1`,
    ])
    expect(await Bun.file(join(at.folder, "hacked")).exists()).toBe(false)
  })

  test("killed in the middle of 1,000 messages and started again, does each at least once, skips none, keeps the order", async () => {
    await using at = await stage()
    // The channel makes the command one that can be found among all processes.
    const marked = `${append} # ${at.channel}`
    const first = at.run(marked)
    await first.says(/reacting to/)
    const all = numbers(1000)
    await publishAll(at.url, all)
    await grown(at.out, 400)
    first.signal("SIGKILL")
    await first.ended()
    // What was under way goes on without its parent, and would write into what the next one does.
    while (await isRunning(at.channel)) await Bun.sleep(10)
    const before = await linesOf(at.out)
    expect(before.length).toBeLessThan(1000)

    await using second = at.run(marked)
    while ((await linesOf(at.out)).at(-1) !== "1000") await Bun.sleep(20)
    const lines = await linesOf(at.out)
    // The second run goes on at the place of the first, or a little before it, and from there each once in order.
    const again = lines.findIndex((line, index) => index > 0 && Number(line) <= Number(lines[index - 1]))
    const [one, two] = again < 0 ? [lines, []] : [lines.slice(0, again), lines.slice(again)]
    expect(one).toEqual(all.slice(0, one.length))
    if (two.length > 0) expect(two).toEqual(all.slice(Number(two[0]) - 1))
    expect(lines.length).toBeLessThan(1000 + 50)
    second.signal("SIGTERM")
    expect(await second.ended()).toBe(0)
  }, 60_000)

  test("goes on after a gentle end with exactly the next message", async () => {
    await using at = await stage()
    const first = at.run(append)
    await first.says(/reacting to/)
    await publishAll(at.url, ["a", "b"])
    await grown(at.out, 2)
    first.signal("SIGTERM")
    expect(await first.ended()).toBe(0)
    await publishAll(at.url, ["c", "d"])
    await using _ = at.run(append)
    expect(await grown(at.out, 4)).toEqual(["a", "b", "c", "d"])
  })

  test("misses nothing that is published before the very first message was ever seen", async () => {
    await using at = await stage()
    const first = at.run("cat > /dev/null")
    await first.says(/reacting to/)
    first.signal("SIGKILL")
    await first.ended()
    await publish(at.url, "while it was down")
    await using _ = at.run(append)
    expect(await grown(at.out, 1)).toEqual(["while it was down"])
  })

  test("sets a failing message aside with its reason, goes on, lists it, and takes it out once a retry succeeds", async () => {
    await using at = await stage()
    const picky =
      'read text || true; [ "$text" != bad ] || { echo "no such order" >&2; exit 3; }; echo "$text" >> "$OUT"'
    await using reaction = at.run(picky, "--tries", "1")
    await reaction.says(/reacting to/)
    await publishAll(at.url, ["good", "bad", "better"])
    expect(await grown(at.out, 2)).toEqual(["good", "better"])

    const asideFlags = ["on", at.url, "--state", at.state]
    const listed = await laba([...asideFlags, "--aside"])
    const [entry] = listed.out.trimEnd().split("\n")
    expect(JSON.parse(entry as string)).toMatchObject({
      reason: "ended with 3: no such order",
      attempts: 1,
      message: { data: "bad", channel: at.channel },
    })

    const failed = await laba([...asideFlags, "--retry", "--exec", "exit 1"])
    expect(failed.code).toBe(1)
    expect(failed.err).toContain("1 still set aside")
    const done = await laba([...asideFlags, "--retry", "--exec", append], {
      env: { OUT: at.out },
    })
    expect(done.code).toBe(0)
    expect(await linesOf(at.out)).toEqual(["good", "better", "bad"])
    expect((await laba([...asideFlags, "--aside"])).out).toBe("")
  })

  test("ends a command that takes too long, with what it has started", async () => {
    await using at = await stage()
    await using reaction = at.run('sleep 600 & echo $! >> "$OUT"; wait', "--tries", "1", "--timeout", "1s")
    await reaction.says(/reacting to/)
    await publish(at.url, "slow")
    await reaction.says(/took too long and was ended; set aside/)
    const [pid] = await linesOf(at.out)
    await ended(Number(pid))
  })

  test("says loudly what it cannot resume, and goes on", async () => {
    await using at = await stage()
    const first = at.run(append)
    await first.says(/reacting to/)
    await publish(at.url, "a")
    await grown(at.out, 1)
    first.signal("SIGTERM")
    await first.ended()
    await publish(at.url, "lost")
    await fetch(at.url, { method: "DELETE" })
    await using second = at.run(append)
    await second.says(/RESET: .*Messages were published that nobody will react to/)
    await publish(at.url, "b")
    expect(await grown(at.out, 2)).toEqual(["a", "b"])
  })

  test("ends when it is told to, also before it was ever connected", async () => {
    await using folder = await emptyFolder()
    await using waiting = new LabaProcess([
      ...["on", "/c", "--exec", "true", "--state", folder.path],
      ...["--url", "http://127.0.0.1:1"],
    ])
    await waiting.says(/coming back/)
    waiting.signal("SIGTERM")
    expect(await waiting.ended()).toBe(0)
  })

  test("ends rather than go on when it cannot save its place", async () => {
    await using at = await stage()
    await using reaction = at.run("cat > /dev/null")
    await reaction.says(/reacting to/)
    await rm(at.state, { recursive: true })
    await publish(at.url, "x")
    expect(await reaction.ended()).toBe(1)
    expect(reaction.err).toContain("ENOENT")
  })

  test("says that a channel without history cannot be resumed", async () => {
    await using at = await stage({ channels: { "/**": { history: "none" } } })
    await using reaction = at.run("cat > /dev/null")
    await reaction.says(/keeps no history: what is published while this is down, or slow, is missed/)
  })

  test("lets one process alone react from a place", async () => {
    await using at = await stage()
    await using first = at.run("cat > /dev/null")
    await first.says(/reacting to/)
    await using second = at.run("cat > /dev/null")
    expect(await second.ended()).toBe(1)
    expect(second.err).toContain("is in use: another process reacts from that place already")
  })

  test("does not take the place of another channel for its own", async () => {
    await using at = await stage()
    const first = at.run("cat > /dev/null")
    await first.says(/reacting to/)
    first.signal("SIGTERM")
    await first.ended()
    const { code, err } = await laba(["on", `${at.url}-other`, "--exec", "true", "--state", at.state])
    expect(code).toBe(1)
    expect(err).toContain(`is the place in ${at.channel}`)
  })

  test("says what is missing", async () => {
    const cases: [args: string[], says: string][] = [
      [["on"], "needs a channel"],
      [["on", "/c"], "say what to run: --exec"],
      [["on", "/c", "--exec", "true", "--aside", "--retry"], "--aside lists, --retry tries again"],
      [["on", "/c", "--exec", "true", "--at-once", "0"], "--at-once is a whole number from 1 to 1000"],
      [["on", "/c", "--exec", "true", "--timeout", "soon"], "--timeout is a time such as"],
      [["forward", "/c"], "say where to: --to"],
      [["forward", "/c", "--to", "shop"], '"shop" is not the address of a receiver'],
    ]
    const answers = await Promise.all(cases.map(([args]) => laba(args)))
    for (const [index, { code, err }] of answers.entries()) {
      expect(code).toBe(2)
      expect(err).toContain(cases[index]?.[1] as string)
    }
  })
})

test("a place that was written by halves is never read: it is whole or as before", async () => {
  await using at = await stage()
  const first = at.run("cat > /dev/null")
  await first.says(/reacting to/)
  first.signal("SIGKILL")
  await first.ended()
  // A crash between the two: the new one beside is not looked at.
  await writeFile(join(at.state, ".place.json.new"), '{"cur')
  await publish(at.url, "x")
  await using second = at.run(append)
  expect(await grown(at.out, 1)).toEqual(["x"])
  expect(second.err).not.toContain("RESET")
})
