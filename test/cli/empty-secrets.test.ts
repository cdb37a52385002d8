// Secrets that are set to nothing, as a script sets them whose own variable is missing: never taken for "none".
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { emptyFolder, laba } from "./laba.ts"

/** A process a case, and a busy machine takes its time. */
setDefaultTimeout(120_000)

const nowhere = ["--url", "http://127.0.0.1:1"]
const watch = ["watch", "/c", "--every", "5s", ...nowhere]
const sms = [...watch, "--sms", "+8613800138000"]

const commands: readonly (readonly [variable: string, args: readonly string[]])[] = [
  ["LABA_CREDENTIAL", ["publish", "/c", "x", ...nowhere]],
  ["LABA_CREDENTIAL", ["subscribe", "/c", ...nowhere]],
  ["LABA_CREDENTIAL", ["on", "/c", "--exec", "true", "--state", "state", ...nowhere]],
  ["LABA_CREDENTIAL", watch],
  ["LABA_CREDENTIAL", ["check", "--hooks", ...nowhere]],
  ["LABA_WEBHOOK_SECRET", ["forward", "/c", "--to", "http://127.0.0.1:1/", "--state", "state", ...nowhere]],
  ["LABA_WEBHOOK_SECRET", [...watch, "--webhook", "http://127.0.0.1:1/"]],
  ["TWILIO_ACCOUNT_SID", sms],
  ["TENCENTCLOUD_SECRET_ID", sms],
  ["LABA_KEY", ["functions", "functions", "--port", "0"]],
  ["LABA_RUN_KEY", ["serve", "--port", "0", "--open"]],
]

async function run(args: readonly string[], env: Record<string, string>) {
  await using folder = await emptyFolder()
  await mkdir(join(folder.path, "functions"))
  return await laba(args, { cwd: folder.path, env })
}

describe("an empty secret is refused by its name:", () => {
  test.each(commands)("%s of laba %j", async (variable, args) => {
    for (const empty of ["", " "]) {
      const { code, out, err } = await run(args, { [variable]: empty })
      const says = `laba: ${variable} is set, but empty: give it a value, or unset it (laba help ${args[0]})\n`
      // What a check has said by then about hooks of its own is no answer of the server.
      expect({ code, err, out: out.replace("No hooks are configured.\n", "") }).toEqual({
        code: 2,
        err: says,
        out: "",
      })
    }
  })

  test("a webhook's that is a prefix and nothing behind it", async () => {
    const { code, err } = await run(["forward", "/c", "--to", "http://127.0.0.1:1/", ...nowhere], {
      LABA_WEBHOOK_SECRET: "whsec_",
    })
    expect({ code, err }).toEqual({
      code: 2,
      err: "laba: LABA_WEBHOOK_SECRET holds no key behind its whsec_ (laba help forward)\n",
    })
  })

  test("one of the configuration", async () => {
    for (const command of [["serve", "--port", "0"], ["check"], ["token", "new"]]) {
      const { code, out, err } = await run(command, { LABA_TOKEN_SECRET: "" })
      expect({ command, code, out }).toEqual({ command, code: 1, out: "" })
      expect(err).toContain("LABA_TOKEN_SECRET: is set, but empty")
    }
  })
})
