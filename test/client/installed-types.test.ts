// The types as a program gets them that has installed Laba: under the compiler options of its own, whatever ours are.
import { expect, test } from "bun:test"
import { cp, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { writeTypes } from "../../client/build.ts"

const root = join(import.meta.dir, "../..")

const program = `
import { connect, LabaFailure, type Message } from "laba/client"
const laba = connect("http://127.0.0.1")
laba.channel("/a").on("message", (message: Message) => console.log(message.cursor.length))
laba.publish("/a", "b").catch((error) => error instanceof LabaFailure && error.code === "forbidden")
const state: "idle" | "connecting" | "open" | "waiting" | "closed" = laba.state
// @ts-expect-error: there is no such state.
const wrong: "opened" = laba.state
console.log(state, wrong)
`

test.each([
  ["a program on Node", { module: "NodeNext", moduleResolution: "NodeNext" }],
  ["a page with a bundler", { module: "ESNext", moduleResolution: "Bundler" }],
])(
  "%s compiles with `laba/client`",
  async (_, resolution) => {
    const folder = await mkdtemp(join(tmpdir(), "laba-types-"))
    try {
      const installed = join(folder, "node_modules/laba")
      await cp(join(root, "package.json"), join(installed, "package.json"))
      await writeTypes(join(installed, "client/dist/types"))
      await Bun.write(join(folder, "package.json"), '{ "type": "module" }')
      await Bun.write(join(folder, "program.ts"), program)
      const options = {
        ...resolution,
        target: "ES2022",
        lib: ["ES2022", "DOM"],
        types: [],
        noEmit: true,
        strict: true,
        noUnusedLocals: true,
        noPropertyAccessFromIndexSignature: true,
      }
      await Bun.write(
        join(folder, "tsconfig.json"),
        JSON.stringify({ compilerOptions: options, files: ["program.ts"] }),
      )
      const check = Bun.spawnSync([process.execPath, "check", "--no-script"], { cwd: folder })
      expect(`${check.stdout}${check.stderr}`).toContain("No type errors")
      expect(check.exitCode).toBe(0)
    } finally {
      await rm(folder, { recursive: true })
    }
  },
  60_000,
)
