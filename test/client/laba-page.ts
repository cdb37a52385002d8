// A page in a real browser with the built client in it, listening to one channel and noting all that it hears.
import { expect } from "bun:test"
import type { Browser, Page } from "playwright-core"
import { buildClient } from "../../client/build.ts"
import { eventually } from "../support/eventually.ts"

/** The browser of a busy machine is slow, and must not take that for a proxy that lets nothing pass. */
const patience = { raceMs: 5_000, connectMs: 45_000 } as const

/** Data of a message, or `reset: <reason>`. */
type Noted = string

interface ListenOptions {
  readonly channel: string
  readonly transports?: readonly string[]
  readonly after?: string
  readonly upgradeMs?: number
  /** A lost connection is not tried again by itself within the test: only what happens to the page brings it back. */
  readonly waitsForThePage?: boolean
  /** Streams are read by the browser's own `EventSource`. */
  readonly usesEventSource?: boolean
  /** Gives the page its tokens, as a login server would. */
  readonly token?: () => Promise<string>
}

interface Scope {
  Laba: typeof import("../../client/index.ts")
  laba: import("../../client/index.ts").Laba
  noted: Noted[]
  states: string[]
  giveToken(): Promise<string>
}

export class LabaPage implements AsyncDisposable {
  readonly page: Page

  private constructor(page: Page) {
    this.page = page
  }

  /** Opens a page of the origin `base` and begins to listen there. */
  static async open(browser: Browser, base: string, { token, ...options }: ListenOptions): Promise<LabaPage> {
    // The client is put in by the test; the page's own policy is not what is tested here.
    const context = await browser.newContext({ bypassCSP: true })
    const page = await context.newPage()
    await page.addInitScript((await buildClient()).code)
    if (token) await page.exposeFunction("giveToken", token)
    await page.goto(`${base}/_/nothing-here`)
    await page.evaluate(
      ({ channel, transports, after, upgradeMs, usesEventSource, waitsForThePage, patience: times }) => {
        const scope = globalThis as unknown as Scope
        const laba = scope.Laba.connect(undefined, {
          ...(transports ? { transports: transports as ("websocket" | "sse" | "poll")[] } : {}),
          ...(upgradeMs ? { upgradeMs } : {}),
          ...(usesEventSource ? { eventSource: (url: string) => new EventSource(url) } : {}),
          ...("giveToken" in scope ? { token: () => scope.giveToken() } : {}),
          backoff: waitsForThePage ? { minMs: 600_000, maxMs: 600_000 } : { minMs: 100, maxMs: 500 },
          ...times,
        })
        scope.laba = laba
        scope.noted = []
        scope.states = []
        laba.on("state", ({ state, transport }) =>
          scope.states.push(transport ? `${state} ${transport}` : state),
        )
        const listened = laba.channel(channel, after ? { after } : {})
        listened.on("message", ({ data }) => scope.noted.push(String(data)))
        listened.on("reset", ({ reason }) => scope.noted.push(`reset: ${reason}`))
        return listened.ready()
      },
      { ...(options as ListenOptions & { transports?: string[] }), patience },
    )
    return new LabaPage(page)
  }

  /** Waits until so much was noted, and gives it. The test's deadline guards against waiting forever. */
  async noted(count: number): Promise<Noted[]> {
    await this.page.waitForFunction(
      (wanted) => (globalThis as unknown as Scope).noted.length >= wanted,
      count,
    )
    return this.page.evaluate(() => (globalThis as unknown as Scope).noted)
  }

  /** The id of the connection that is open. */
  connection(): Promise<string | null> {
    return this.page.evaluate(() => (globalThis as unknown as Scope).laba.connection)
  }

  transport(): Promise<string | null> {
    return this.page.evaluate(() => (globalThis as unknown as Scope).laba.transport)
  }

  /** Waits until it is connected over this transport. */
  async waitForTransport(transport: string): Promise<void> {
    await eventually(async () => expect(await this.transport()).toBe(transport))
  }

  states(): Promise<string[]> {
    return this.page.evaluate(() => (globalThis as unknown as Scope).states)
  }

  async waitForState(state: string): Promise<void> {
    await this.page.waitForFunction((wanted) => (globalThis as unknown as Scope).laba.state === wanted, state)
  }

  async publish(channel: string, data: string): Promise<void> {
    await this.page.evaluate(
      ([to, what]) => (globalThis as unknown as Scope).laba.publish(to as string, what),
      [channel, data],
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close()
  }
}
