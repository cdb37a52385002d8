// A real Chromium for one test file. Where none is installed the tests are skipped with one loud line, except in CI,
// where a missing browser is a failure.
import { existsSync } from "node:fs"
import { type Browser, chromium } from "playwright-core"

const executablePath = process.env["LABA_CHROMIUM"] ?? "/usr/bin/chromium"

const args = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
]

/** Whether there is a browser to test with. */
export const hasChromium: boolean = existsSync(executablePath)

if (!hasChromium && process.env["CI"]) throw new Error(`no Chromium at ${executablePath}; set LABA_CHROMIUM`)
if (!hasChromium)
  console.warn(`SKIPPED: browser tests, because there is no Chromium at ${executablePath} (LABA_CHROMIUM)`)

/** A guard against hanging: on a busy machine it takes its time. */
const launchMsMax = 60_000

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath, args, timeout: launchMsMax })
