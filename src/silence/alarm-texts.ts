// An alarm in words: one line for a subject and a text message, a few for a mail, and JSON for programs.
import type { Alarm } from "./silence.ts"

/** `/hosts/log-1 is silent: nothing for 30 s, expected every 5 s.` */
export function summaryOf(alarm: Alarm): string {
  const { channel, silentSeconds, everySeconds } = alarm
  return alarm.alarm === "silent"
    ? `${channel} is silent: nothing for ${duration(silentSeconds)}, expected every ${duration(everySeconds)}.`
    : `${channel} is back, after ${duration(silentSeconds)} of silence.`
}

/** The body of a mail. */
export function mailTextOf(alarm: Alarm): string {
  const last = alarm.last === null ? "Nothing was ever heard from it." : `The last message was ${alarm.last}.`
  return [
    summaryOf(alarm),
    "",
    `Noticed at ${new Date(alarm.time).toISOString()} by the watch of ${alarm.watch}.`,
    alarm.alarm === "silent" ? last : `It speaks again since ${alarm.last ?? "now"}.`,
    ...(alarm.alarm === "silent" ? ["You will be told when it is back."] : []),
    "",
  ].join("\n")
}

/** The CloudEvents type of an alarm. */
export const alarmType = ({ alarm }: Alarm): string => `laba.watch.${alarm}`

/** `5 s`, `2.5 min`, `3 h`. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${round(seconds)} s`
  return seconds < 7200 ? `${round(seconds / 60)} min` : `${round(seconds / 3600)} h`
}

const round = (value: number): number => Math.round(value * 10) / 10
