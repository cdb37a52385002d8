// Installing Laba with npm 12, which runs no install scripts of dependencies and wants a newer Node than Laba does.
import { test } from "bun:test"
import { dirname } from "node:path"
import { expectToStart } from "./installed.ts"

const nodeFolder = dirname(process.env["LABA_NODE"] as string)

test(
  "starts in a project that npm 12 installed it into",
  () => expectToStart({ npm: "12.2.0", nodeFolder }),
  60_000,
)
