// Runs conformance cases: those that need nothing share one server (or the one that LABA_BASE_URL names), the others
// get one each. Everything else is in the cases.
import { afterAll, beforeAll, describe, test } from "bun:test"
import {
  foreignBase,
  freshChannel,
  startDefaultServer,
  startServer,
  type TestServer,
} from "../support/server.ts"
import { rawWebSocket, type Transport } from "../support/transports.ts"
import type { ConformanceCase, Scene } from "./case.ts"

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
  // A foreign server cannot be configured by us.
  const runs = one.options && foreignBase !== null ? test.skip : test
  const timeoutMs = one.timeoutMs ?? usualTimeoutMs
  for (const transport of one.over ?? [rawWebSocket]) {
    const name = one.over ? `${one.name} (${transport.name})` : one.name
    runs(name, () => withServer(one, shared(), (server) => one.run(sceneAt(server, transport))), timeoutMs)
  }
}

async function withServer(
  one: ConformanceCase,
  shared: TestServer,
  run: (server: TestServer) => Promise<void>,
): Promise<void> {
  if (one.options === undefined) return run(shared)
  await using own = await startServer(one.options)
  await run(own)
}

function sceneAt({ base }: TestServer, transport: Transport): Scene {
  const channel = freshChannel()
  return { base, channel, url: base + channel, transport }
}
