// The options of a desk that a test starts on this machine: free ports, its own Laba, SQLite.
import type { DemoOptions } from "../demo.ts"
import { defaultTimeouts } from "../model/shop.ts"

export const demoOptions = (directory: string, log: (line: string) => void): DemoOptions => ({
  directory,
  database: undefined,
  host: "127.0.0.1",
  port: 0,
  laba: undefined,
  labaPort: 0,
  publicLaba: undefined,
  timeouts: defaultTimeouts,
  log,
})
