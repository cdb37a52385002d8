// A server for one test: in this process, on a free port, gone when the test's block ends. With LABA_BASE_URL set, the
// suite runs against that server instead, and only tests that configure nothing can.
import { type Laba, serve, type ServeOptions } from "../../src/server/index.ts"

export interface TestServer extends AsyncDisposable {
  /** `http://host:port`, without a slash at the end. */
  readonly base: string
}

/** A server somebody else runs, of which nothing is known but its address. */
export const foreignBase: string | null = process.env["LABA_BASE_URL"]?.replace(/\/+$/, "") || null

/** One that runs here, so that a test can also call it. */
export interface OwnServer extends TestServer {
  readonly laba: Laba
}

export async function startServer(options: ServeOptions = {}): Promise<OwnServer> {
  // Nobody is left to be sent away gently when a test ends.
  const limits = { drainSeconds: 0, ...options.limits }
  const laba = await serve({ ...engineInUse(), ...options, limits, listen: { port: 0, ...options.listen } })
  return {
    laba,
    base: laba.url.replace(/\/+$/, ""),
    [Symbol.asyncDispose]: () => laba.close(),
  }
}

/** The server under test with its default rules: a foreign one when LABA_BASE_URL names it. */
export async function startDefaultServer(): Promise<TestServer> {
  if (foreignBase === null) return startServer()
  return { base: foreignBase, [Symbol.asyncDispose]: async () => {} }
}

let engine: string | null = null
let prefixes = 0

/** Servers that are started from now on use this engine, each with keys of its own; null for the usual one. */
export function useEngine(address: string | null): void {
  engine = address
}

const engineInUse = (): ServeOptions =>
  engine === null ? {} : { engine, redis: { prefix: `server.${process.pid}.${prefixes++}` } }

let channels = 0

/** A channel that no other test uses, nor another run against the same server. */
export function freshChannel(word = "test"): string {
  return `/${word}/${process.pid.toString(36)}-${Date.now().toString(36)}-${(channels++).toString(36)}`
}
