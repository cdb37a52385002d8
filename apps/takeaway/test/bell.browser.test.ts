// The kitchen's bell, listened to: not what the page says of itself, but the samples that go to the labaPush.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { Browser, Page } from "playwright-core"
import { hasChromium, launchChromium } from "../../../test/support/chromium.ts"
import { demoPassword, TakeawayProcess } from "./takeaway-process.ts"

const testMs = 120_000

/** What an ear at the labaPush has heard since it was last asked. */
interface CommandResult {
  /** The highest sample, from 0 to 1. */
  readonly peak: number
  /** The strongest tone in hertz; 0 where there was none. */
  readonly hertz: number
  /** Of the audio, which advances only while it is really played. */
  readonly seconds: number
}

declare global {
  interface Window {
    listen(): CommandResult
  }
}

/** Runs in the page before anything else: puts an ear to whatever is connected to the labaPush. */
function putEar(): void {
  const ears: AnalyserNode[] = []
  let peak = 0
  let hertz = 0
  const connect = AudioNode.prototype.connect as (this: AudioNode, to: AudioNode) => AudioNode
  AudioNode.prototype.connect = function (this: AudioNode, to: AudioNode) {
    if (to instanceof AudioDestinationNode) {
      const ear = to.context.createAnalyser()
      ear.fftSize = 2048
      connect.call(this, ear)
      ears.push(ear)
      // The strokes of some rings; older ones have died away.
      if (ears.length > 16) ears.shift()
    }
    return connect.call(this, to)
  } as typeof AudioNode.prototype.connect
  setInterval(() => {
    for (const ear of ears) {
      const samples = new Float32Array(ear.fftSize)
      ear.getFloatTimeDomainData(samples)
      const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
      if (loudest <= peak) continue
      peak = loudest
      const tones = new Float32Array(ear.frequencyBinCount)
      ear.getFloatFrequencyData(tones)
      hertz = (tones.indexOf(Math.max(...tones)) * ear.context.sampleRate) / ear.fftSize
    }
  }, 20)
  window.listen = () => {
    const heard = { peak, hertz, seconds: ears.at(-1)?.context.currentTime ?? 0 }
    peak = 0
    hertz = 0
    return heard
  }
}

describe.skipIf(!hasChromium)("the kitchen's bell", () => {
  let browser: Browser
  let desk: TakeawayProcess
  beforeAll(async () => {
    browser = await launchChromium()
    desk = await TakeawayProcess.start({ args: ["--remind-seconds", "6"] })
  }, testMs)
  afterAll(async () => {
    await browser?.close()
    await desk?.[Symbol.asyncDispose]()
  })

  async function kitchen(shop: string): Promise<Page> {
    const context = await browser.newContext({ locale: "en", reducedMotion: "reduce" })
    await context.addInitScript(putEar)
    const page = await context.newPage()
    await page.goto(`${desk.url}/kitchen`)
    await page.waitForSelector(`#login option[value=${shop}]`, { state: "attached" })
    await page.selectOption("#login select", shop)
    await page.fill("#login [name=password]", demoPassword)
    await page.click("#login [type=submit]")
    await page.waitForSelector("#line[data-state=live]")
    await page.waitForSelector(".lamp[data-open=true]")
    return page
  }

  /** Waits until what was heard since the last time is as wanted. */
  async function hears(page: Page, wanted: (heard: CommandResult) => boolean): Promise<CommandResult> {
    for (;;) {
      await page.waitForTimeout(100)
      const heard = await page.evaluate(() => window.listen())
      if (wanted(heard)) return heard
    }
  }

  const order = (shop: string, name: string, dish: string) =>
    desk.ask("POST", "/bill", {
      body: {
        shop,
        name,
        address: "1 Long Street",
        telephone: "13800000000",
        dishes: [{ dish, count: 1 }],
      },
    })

  test(
    "is heard when a bill arrives, is silent once somebody looks, and is louder when nobody does",
    async () => {
      const page = await kitchen("shop1")
      expect((await page.evaluate(() => window.listen())).peak).toBe(0)
      expect((await order("shop1", "Ann", "egg")).status).toBe(201)
      const soft = await hears(page, ({ peak }) => peak > 0.05)
      // One of its two tones: g'' and c'''.
      expect(Math.min(Math.abs(soft.hertz - 784), Math.abs(soft.hertz - 1047))).toBeLessThan(40)

      await page.click(".rail [data-act=see]")
      // The last stroke dies away, and nothing more comes though the audio goes on.
      const quiet = await hears(page, ({ peak }) => peak < 0.001)
      await hears(page, ({ peak, seconds }) => {
        expect(peak).toBeLessThan(0.001)
        return seconds > quiet.seconds + 4
      })

      expect((await order("shop1", "Bob", "egg")).status).toBe(201)
      const loud = await hears(page, ({ peak }) => peak > 0.4)
      expect(loud.peak).toBeGreaterThan(soft.peak)
      expect(await page.evaluate(() => document.documentElement.dataset["ringing"])).toBe("loud")
      await page.context().close()
    },
    testMs,
  )

  test(
    "that a browser keeps silent says so, and is heard from the first tap on",
    async () => {
      const page = await kitchen("shop2")
      // Reloaded, the page is logged in and nobody has tapped on it yet.
      await page.reload()
      await page.waitForSelector("#line[data-state=live]")
      expect((await order("shop2", "Cyd", "rice")).status).toBe(201)
      await page.waitForFunction(() => document.documentElement.dataset["ringing"] !== "silent")
      await page.waitForSelector("#sound:not([hidden])")
      expect((await page.evaluate(() => window.listen())).peak).toBe(0)
      await page.click("#sound button")
      await hears(page, ({ peak }) => peak > 0.05)
      await page.waitForSelector("#sound[hidden]", { state: "attached" })
      await page.context().close()
    },
    testMs,
  )
})
