// `kill -9` fifty times under load, on the engine that keeps: every acknowledged message is there, once and in order, every
// listener goes on from its cursor, and every retry with a key is answered as the first try was.
import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { textOf } from "../support/heard.ts"
import type { PollAnswer } from "../support/poller.ts"
import type { PublishAnswer } from "../support/publish.ts"
import { listenBySse, type SseListener } from "../support/sse-stream.ts"

const kills = 50
/** All fifty, start and reading included. A guard against hanging, far above what they take. */
const deadlineMs = 120_000
const publishersPerChannel = 8
const channels = ["/kill/orders", "/kill/results"]
const main = join(import.meta.dir, "../../src/cli/main.ts")
const folder = mkdtempSync(join(tmpdir(), "laba-kill-"))
const config = {
  engine: `sqlite:${join(folder, "data")}`,
  channels: { "/**": { history: { count: 1_000_000, bytes: "256MB", time: "1h" } } },
} as const
await Bun.write(join(folder, "laba.json"), JSON.stringify(config))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The server itself, without the launcher before it: it is started fifty times. */
class Server {
  readonly base: string
  private readonly child: Bun.Subprocess

  private constructor(child: Bun.Subprocess, base: string) {
    this.child = child
    this.base = base
  }

  static async start(port: string): Promise<Server> {
    const child = Bun.spawn(
      [process.execPath, "--no-env-file", main, "serve", "--port", port, "--config", "laba.json"],
      { cwd: folder, stdin: "ignore", stdout: "pipe", stderr: "inherit" },
    )
    let printed = ""
    for await (const bytes of child.stdout) {
      printed += new TextDecoder().decode(bytes)
      const base = /http:\/\/[^\s/]+:\d+/.exec(printed)?.[0]
      if (base) return new Server(child, base)
    }
    throw new Error(`the server ended with ${await child.exited}; it printed: ${printed}`)
  }

  get port(): string {
    return new URL(this.base).port
  }

  async killHard(): Promise<void> {
    this.child.kill("SIGKILL")
    await this.child.exited
  }
}

/** Publishes one text after the other, each with a key, and again with the same key until it was answered. */
class Publisher {
  readonly answers: { text: string; answer: PublishAnswer }[] = []
  /** Texts whose first try was not answered: whether they were published is known only now. */
  retried = 0
  repeated = 0
  private readonly name: string
  private readonly channel: string
  private readonly serverNow: () => Server | null
  private running = true
  readonly done: Promise<void>

  constructor(name: string, channel: string, serverNow: () => Server | null) {
    this.name = name
    this.channel = channel
    this.serverNow = serverNow
    this.done = this.run()
  }

  stop(): void {
    this.running = false
  }

  private async run(): Promise<void> {
    for (let count = 1; this.running; count++) {
      const text = `${this.name}.${count}`
      for (let tries = 1; ; tries++) {
        const answer = await this.attempt(text)
        if (answer) {
          if (answer.duplicate) this.repeated++
          if (answer.duplicate && tries === 1) throw new Error(`${text} was there before it was published`)
          this.answers.push({ text, answer })
          break
        }
        if (tries === 1) this.retried++
        await Bun.sleep(5)
      }
    }
  }

  private async attempt(text: string): Promise<PublishAnswer | null> {
    const server = this.serverNow()
    if (!server) return null
    try {
      const headers = { "content-type": "text/plain", "idempotency-key": text }
      const response = await fetch(server.base + this.channel, { method: "POST", headers, body: text })
      if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
      return (await response.json()) as PublishAnswer
    } catch (error) {
      // A connection that broke is what is being tested; an answer that is none is not.
      if (error instanceof Error && /^\d{3}: /.test(error.message)) throw error
      return null
    }
  }
}

/** Listens by events for as long as a server lives, and goes on at the next one from the last cursor it was given. */
class Follower {
  readonly heard: { text: string; cursor: string }[] = []
  private cursor: string
  private readonly channel: string
  private listener: SseListener | null = null

  constructor(channel: string, cursor: string) {
    this.channel = channel
    this.cursor = cursor
  }

  async resume(server: Server): Promise<void> {
    this.listener = await listenBySse(`${server.base}${this.channel}?after=${this.cursor}`)
  }

  /** Takes what was heard until the server died. */
  async take(): Promise<void> {
    for (const heard of this.listener?.inbox.seen ?? []) {
      if (heard.kind === "message") {
        this.cursor = heard.cursor as string
        this.heard.push({ text: textOf(heard), cursor: this.cursor })
      } else if (heard.kind !== "position") throw new Error(`${this.channel}: ${JSON.stringify(heard)}`)
    }
    await this.listener?.[Symbol.asyncDispose]()
  }
}

/** Everything after a cursor, by polls. */
async function readAfter(
  base: string,
  channel: string,
  after: string,
): Promise<{ text: string; cursor: string }[]> {
  const read: { text: string; cursor: string }[] = []
  let cursor = after
  for (;;) {
    const response = await fetch(`${base}${channel}?after=${cursor}`)
    const page = (await response.json()) as PollAnswer
    if (page.reset) throw new Error(`${channel} was reset at ${cursor}: ${page.reset}`)
    for (const message of page.messages) read.push({ text: String(message.data), cursor: message.cursor })
    cursor = page.cursor
    if (!page.more) return read
  }
}

test(
  `kill -9 ${kills} times under load loses nothing, doubles nothing and resets nobody`,
  async () => {
    const began = performance.now()
    let server: Server | null = await Server.start("0")
    const { port } = server
    const start = async (channel: string): Promise<string> => {
      const head = await fetch(`${(server as Server).base}${channel}`, { method: "HEAD" })
      return head.headers.get("laba-cursor") as string
    }
    const starts = new Map<string, string>()
    for (const channel of channels) starts.set(channel, await start(channel))
    const followers = channels.map((channel) => new Follower(channel, starts.get(channel) as string))
    for (const follower of followers) await follower.resume(server)
    const publishers = channels.flatMap((channel) =>
      Array.from(
        { length: publishersPerChannel },
        (_, index) => new Publisher(`${channel.slice(6)}-${index}`, channel, () => server),
      ),
    )
    /** What has been read so far, and the cursor behind it: each restart reads on from there. */
    const read = new Map(channels.map((channel) => [channel, [] as { text: string; cursor: string }[]]))
    for (let kill = 0; kill < kills; kill++) {
      // At any moment of a commit, of filing and of a checkpoint.
      await Bun.sleep(20 + ((kill * 37) % 160))
      const killed: Server = server
      server = null
      await killed.killHard()
      for (const follower of followers) await follower.take()
      const next: Server = await Server.start(port)
      for (const channel of channels) {
        const known = read.get(channel) as { text: string; cursor: string }[]
        known.push(
          ...(await readAfter(next.base, channel, known.at(-1)?.cursor ?? (starts.get(channel) as string))),
        )
        // Any cursor ever given, not only the last one.
        const some = known[Math.floor((known.length * ((kill * 7) % 10)) / 10)]
        if (some) {
          const again = await readAfter(next.base, channel, some.cursor)
          expect(again.slice(0, known.length)).toEqual(known.slice(known.indexOf(some) + 1))
        }
      }
      for (const follower of followers) await follower.resume(next)
      server = next
      if (performance.now() - began > deadlineMs)
        throw new Error(`only ${kill + 1} kills in ${deadlineMs} ms`)
    }
    for (const publisher of publishers) publisher.stop()
    await Promise.all(publishers.map(({ done }) => done))

    const last: Server = server
    for (const [index, channel] of channels.entries()) {
      const all = await readAfter(last.base, channel, starts.get(channel) as string)
      const texts = all.map(({ text }) => text)
      expect(new Set(texts).size).toBe(texts.length)
      // What was read after each kill is the same, in the same places.
      const known = read.get(channel) as { text: string; cursor: string }[]
      expect(all.slice(0, known.length)).toEqual(known)
      const places = new Map(all.map(({ text, cursor }, place) => [text, { cursor, place }]))
      const own = publishers.filter((_, at) => Math.floor(at / publishersPerChannel) === index)
      for (const { answers } of own) {
        let before = -1
        for (const { text, answer } of answers) {
          const found = places.get(text)
          // Acknowledged, so it is there, where the answer said, and behind what this publisher sent before.
          expect([text, found?.cursor]).toEqual([text, answer.cursor])
          expect(found?.place ?? -1).toBeGreaterThan(before)
          before = found?.place ?? -1
        }
      }
      // Nothing is there that nobody published to the end.
      expect(texts.length).toBe(own.reduce((sum, { answers }) => sum + answers.length, 0))
      const follower = followers[index] as Follower
      while (follower.heard.length < all.length && performance.now() - began < 2 * deadlineMs) {
        await follower.take()
        await follower.resume(last)
        await Bun.sleep(50)
      }
      expect(follower.heard).toEqual(all)
      await follower.take()
    }
    await last.killHard()
    const sum = (of: (publisher: Publisher) => number) =>
      publishers.reduce((total, each) => total + of(each), 0)
    const published = sum(({ answers }) => answers.length)
    // The kills met publishes under way, and some of these had been written: else nothing was tested.
    expect(sum(({ retried }) => retried)).toBeGreaterThan(kills)
    expect(sum(({ repeated }) => repeated)).toBeGreaterThan(0)
    expect(published).toBeGreaterThan(kills * 10)
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    console.log(
      `${published} messages over ${kills} kills in ${seconds} s; ${sum(({ retried }) => retried)} retried, ${sum(({ repeated }) => repeated)} of them had been accepted`,
    )
  },
  3 * deadlineMs,
)
