// What the README says first: `npm start`, and then its four lines in other terminals.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import { join } from "node:path"
import manifest from "../../package.json" with { type: "json" }
import { emptyFolder } from "../cli/laba.ts"
import { fourLines } from "../conformance/four-lines.ts"
import { freshChannel } from "../support/server.ts"
import { Launched } from "./launched.ts"

/** All the demos start beside it, and a busy machine takes its time. */
setDefaultTimeout(180_000)

const root = join(import.meta.dir, "../..")

/** As npm runs it, but from an empty folder: what the demos keep must not be left in the tree. */
const start = manifest.scripts.start
  .split(" ")
  .map((word) => (/\.m?[jt]s$/.test(word) ? join(root, word) : word))

describe("after `npm start` the four lines", () => {
  const held = new AsyncDisposableStack()
  let launched: Launched
  let base = ""
  beforeAll(async () => {
    const place = held.use(await emptyFolder())
    launched = held.use(new Launched([...start, "--port", "0"], { terminal: false, cwd: place.path }))
    base = (await launched.until(/listening on (http:\S+)/))[1] as string
  })
  afterAll(() => held.disposeAsync())

  fourLines(() => `${base}${freshChannel("channel")}/hello`)

  test("were served by what one Ctrl-C ends", async () => {
    for (const demo of ["flash-sale", "takeaway", "alerts"])
      await launched.until(new RegExp(`^\\[${demo}\\] .*http://127`, "m"))
    launched.child.kill("SIGINT")
    expect(await launched.child.exited).toBe(0)
    await expect(fetch(base)).rejects.toThrow()
  })
})
