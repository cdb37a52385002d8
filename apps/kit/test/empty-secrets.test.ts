// Secrets that are set to nothing, as a script sets them whose own variable is missing: taken as they are, they would let in
// whoever shows nothing.
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { join } from "node:path"
import { emptyFolder } from "../../../test/cli/laba.ts"

/** A process a case, and a busy machine takes its time. */
setDefaultTimeout(120_000)

const nowhere = "http://127.0.0.1:1"
const serve = ["serve", "--port", "0", "--cold", "--verify-seconds", "0"]
const elsewhere = [...serve, "--laba", nowhere]
const anywhere = ["--port", "0", "--laba-port", "0"]

/** What the case needs beside the empty one. */
const given = {
  FLASH_SALE_LISTEN_SECRET: "of at least thirty-two characters",
  FLASH_SALE_LABA_KEY: "laba_shop_x",
}

const cases: readonly (readonly [demo: string, variable: string, args: readonly string[]])[] = [
  ["flash-sale", "FLASH_SALE_OPERATOR_KEY", serve],
  // Shown, it is not started again and again.
  ["flash-sale", "FLASH_SALE_OPERATOR_KEY", anywhere],
  ["flash-sale", "FLASH_SALE_PAYMENT_SECRET", anywhere],
  ["flash-sale", "FLASH_SALE_PAYMENT_SECRET", serve],
  ["flash-sale", "FLASH_SALE_PAYMENT_SECRET", [...serve, "--payments", nowhere]],
  ["flash-sale", "FLASH_SALE_PAYMENT_SECRET", ["payments", "--port", "0"]],
  ["flash-sale", "FLASH_SALE_HOOK_SECRET", elsewhere],
  ["flash-sale", "FLASH_SALE_LABA_KEY", elsewhere],
  ["flash-sale", "FLASH_SALE_LISTEN_SECRET", elsewhere],
  ["flash-sale", "FLASH_SALE_WEBHOOK_SECRET", [...serve, "--webhook", nowhere]],
  ["flash-sale", "FLASH_SALE_JWT_KEY", [...serve, "--jwt-issuer", "shop", "--jwt-audience", "sale"]],
  ["flash-sale", "FLASH_SALE_JWT_KEY_BEFORE", [...serve, "--jwt-issuer", "shop", "--jwt-audience", "sale"]],
  ["takeaway", "TAKEAWAY_COOKIES_SECRET", anywhere],
  ["takeaway", "TAKEAWAY_KEY_SECRET", anywhere],
  ["takeaway", "TAKEAWAY_HOOKS_SECRET", anywhere],
  ["takeaway", "TAKEAWAY_TOKENS_SECRET", anywhere],
  ["takeaway", "TAKEAWAY_KEY_SECRET", ["laba", "--desk", nowhere, "--port", "0"]],
  ["takeaway", "TAKEAWAY_SHOP_PASSWORD", [...anywhere, "--host", "0.0.0.0"]],
]

async function run(demo: string, args: readonly string[], env: Record<string, string>) {
  await using folder = await emptyFolder()
  await using process_ = Bun.spawn(
    [
      process.execPath,
      "--no-orphans",
      join(import.meta.dir, "../..", demo, "main.ts"),
      ...args,
      "--data",
      folder.path,
    ],
    { env: { PATH: process.env["PATH"] ?? "", ...env }, stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  )
  // Should it start after all, it does not go on for ever.
  using _ = stopper(process_, 10_000)
  const [err, code] = await Promise.all([new Response(process_.stderr).text(), process_.exited])
  return { err, code }
}

function stopper(process_: Bun.Subprocess, ms: number): Disposable {
  const clock = setTimeout(() => process_.kill(), ms)
  return { [Symbol.dispose]: () => clearTimeout(clock) }
}

describe("an empty secret is refused by its name:", () => {
  test.each(cases)("%s, %s, %j", async (demo, variable, args) => {
    for (const empty of ["", " "]) {
      const { err, code } = await run(demo, args, { ...given, [variable]: empty })
      expect({ code, err }).toEqual({
        code: 2,
        err: `${demo}: ${variable} is set, but empty: give it a value, or unset it (${demo} --help)\n`,
      })
    }
  })
})
