// Runs conformance cases: those that need nothing share one server (or the one that LABA_BASE_URL names), the others
// get one each. Everything else is in the cases.
import type { ServeOptions } from "../../src/server/index.ts"
import { afterAll, beforeAll, describe, test } from "bun:test"
import {
  foreignBase,
  freshChannel,
  startDefaultServer,
  startServer,
  type TestServer,
} from "../support/server.ts"
import { rawWebSocket, sockJsServices } from "../support/transports.ts"
import type { ConformanceCase } from "./case.ts"

const usualTimeoutMs = 60_000

/** Declares every case as a test, over every transport that it names. Those whose name holds one of `except` are left out. */
export function runCases(
  title: string,
  cases: readonly ConformanceCase[],
  except: readonly string[] = [],
): void {
  describe(title, () => {
    let shared: TestServer
    beforeAll(async () => {
      shared = await startDefaultServer()
    })
    afterAll(async () => {
      await shared[Symbol.asyncDispose]()
    })
    for (const one of cases) if (!except.some((words) => one.name.includes(words))) declare(one, () => shared)
  })
}

function declare(one: ConformanceCase, shared: () => TestServer): void {
  const timeoutMs = one.timeoutMs ?? usualTimeoutMs
  for (const transport of one.over ?? [rawWebSocket]) {
    const channel = freshChannel()
    const options = transport.isConfigured ? { ...one.options, ...sockJsServices(channel) } : one.options
    const name = one.over ? `${one.name} (${transport.name})` : one.name
    // A foreign server cannot be configured by us.
    const runs = options && foreignBase !== null ? test.skip : test
    const runAt = ({ base }: TestServer): Promise<void> =>
      one.run({ base, channel, url: base + channel, transport })
    runs(name, () => (options ? withServer(options, runAt) : runAt(shared())), timeoutMs)
  }
}

async function withServer(options: ServeOptions, run: (server: TestServer) => Promise<void>): Promise<void> {
  await using own = await startServer(options)
  await run(own)
}
