// The script of the heartbeat page: the trace, the time since the last beat, the alarms.
import type { Alarm } from "laba"
import { find } from "../../../kit/browser/elements.ts"
import type { Bilingual } from "../../../kit/browser/language.ts"
import { alarms, heartbeatOf } from "../../channels/names.ts"
import { press, startPage } from "../live-page.ts"
import { clockTime, flash, inBoth, make, putFirst } from "../page-elements.ts"
import type { Snapshot } from "../snapshot.ts"
import { Trace } from "./trace.ts"

const monitor = find("#monitor")
const standing = await fetch("/api/state").then((answer) => answer.json() as Promise<Snapshot>)
const { host, everySeconds, silentSeconds } = standing.heart

for (const one of document.querySelectorAll(".every")) one.textContent = String(everySeconds)
for (const one of document.querySelectorAll(".silent")) one.textContent = String(silentSeconds)
find("#channel").textContent = heartbeatOf(host)

const lamps: Readonly<Record<string, string>> = { beating: "--lamp-good", silent: "--lamp-bad" }
const style = getComputedStyle(document.documentElement)
const trace = new Trace(find("#trace"), {
  spanSeconds: silentSeconds * 1.2,
  everySeconds,
  color: () => style.getPropertyValue(lamps[monitor.dataset["state"] ?? ""] ?? "--lamp"),
})

/** When the last beat was heard, and since when we listen, by this page's own clock. */
let lastAt: number | null = null
const listeningSince = performance.now()
let beats = 0
let isAlarmed = false

function receiveBeat(): void {
  lastAt = performance.now()
  beats++
  trace.beat(lastAt)
  find("#beats").textContent = String(beats)
  flash(monitor, "beat")
}

const told: Readonly<Record<Alarm["alarm"], (alarm: Alarm) => Bilingual>> = {
  silent: ({ silentSeconds: seconds }) => [
    `is silent: nothing heard for ${seconds} s`,
    `失联：${seconds} 秒没有声音`,
  ],
  back: ({ silentSeconds: seconds }) => [
    `is back, after ${seconds} s of silence`,
    `恢复了，沉默了 ${seconds} 秒`,
  ],
}

function receiveAlarm(data: unknown): void {
  const alarm = data as Alarm
  const isNews = putFirst(find("#alarms"), `${alarm.alarm} ${alarm.time}`, () => {
    const words = make("span", inBoth(told[alarm.alarm](alarm)))
    const line = make("li", make("time", clockTime(alarm.time)), make("b", host), words)
    line.dataset["alarm"] = alarm.alarm
    return line
  })
  if (!isNews) return
  isAlarmed = alarm.alarm === "silent"
  find("#no-alarms").hidden = true
  flash(find(".horn"), "calling")
  paint()
}

function paint(): void {
  const nowMs = performance.now()
  const since = (nowMs - (lastAt ?? listeningSince)) / 1000
  const left = Math.max(0, silentSeconds - since)
  const isLate = since > everySeconds * 1.6
  monitor.dataset["state"] = isAlarmed ? "silent" : isLate ? "late" : lastAt === null ? "waiting" : "beating"
  find("#since").textContent = lastAt === null ? "–" : since.toFixed(since < 10 ? 1 : 0)
  find("#since + small").hidden = lastAt === null
  find("#left").textContent = isAlarmed ? "0" : left.toFixed(0)
  // Who came when it was silent already has not waited so long, but the time is over all the same.
  find("#fuse").style.width = `${isAlarmed ? 100 : Math.min(100, (since / silentSeconds) * 100)}%`
  trace.draw(nowMs)
}

for (const button of document.querySelectorAll<HTMLButtonElement>("[data-heart]")) {
  button.addEventListener("click", () => {
    button.disabled = true
    press(`/api/heart/${button.dataset["heart"]}`)
      .catch(() => {})
      .finally(() => (button.disabled = false))
  })
}

// Fewer pictures where somebody wants little motion; none while nobody looks.
if (matchMedia("(prefers-reduced-motion: reduce)").matches) setInterval(paint, 1000)
else {
  const loop = (): void => {
    paint()
    requestAnimationFrame(loop)
  }
  loop()
}

await startPage(
  [
    { channel: heartbeatOf(host), onMessage: receiveBeat },
    { channel: alarms, onMessage: receiveAlarm },
  ],
  ({ alarms: recent }) => {
    for (const alarm of [...recent].reverse()) receiveAlarm(alarm)
  },
)
