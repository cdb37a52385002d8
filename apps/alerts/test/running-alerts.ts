// The whole demo for one test, on free ports and in a quick rhythm, with what a test wants to look at.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Demo, type DemoOptions, startDemo } from "../demo.ts"
import type { Snapshot } from "../pages/snapshot.ts"

export interface RunningAlerts extends AsyncDisposable {
  readonly demo: Demo
  readonly url: string
  state(): Promise<Snapshot>
  press(path: string, body?: unknown): Promise<Response>
  pay(name: string, phone: string, more?: object): Promise<Response>
  /** Waits until the state is as wanted. The test has the deadline. */
  until(wanted: (state: Snapshot) => boolean): Promise<Snapshot>
}

export async function startAlerts(options: Partial<DemoOptions> = {}): Promise<RunningAlerts> {
  const folder = options.data ?? (await mkdtemp(join(tmpdir(), "laba-alerts-")))
  const demo = await startDemo({
    data: folder,
    host: "127.0.0.1",
    port: 0,
    labaPort: 0,
    everySeconds: 0.5,
    // A heart that has to share its processor with a browser must not look dead.
    silentSeconds: 5,
    mail: null,
    sms: null,
    log: () => {},
    ...options,
  })
  const press = (path: string, body: unknown = {}): Promise<Response> =>
    fetch(demo.url + path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    })
  const state = async (): Promise<Snapshot> =>
    (await (await fetch(`${demo.url}/api/state`)).json()) as Snapshot
  return {
    demo,
    url: demo.url,
    state,
    press,
    pay: (name, phone, more = {}) =>
      press("/api/payments", { name, phone, plan: "year", language: "en", ...more }),
    async until(wanted) {
      for (;;) {
        const now = await state()
        if (wanted(now)) return now
        await Bun.sleep(20)
      }
    },
    async [Symbol.asyncDispose]() {
      await demo.close()
      if (options.data === undefined) await rm(folder, { recursive: true, force: true })
    },
  }
}
