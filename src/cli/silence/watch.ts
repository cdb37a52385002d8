// `laba watch`: says when a channel that must be heard from is silent, and when it is back.
import { systemClock } from "../../bounds/clock.ts"
import { connect, type Channel, type Laba } from "../../../client/index.ts"
import { offsetIn } from "../../../wire/cursor.ts"
import { silentMsMin } from "../../config/checks/watch-problems.ts"
import { ListeningClock, lookEveryMs } from "../../silence/listening-clock.ts"
import { AlarmSender } from "../../silence/alarm-sender.ts"
import { SilenceDetector } from "../../silence/silence-detector.ts"
import { recipientsOf } from "../../silence/tell/recipient.ts"
import type { Tell } from "../../silence/tell/tell.ts"
import { alarmOf } from "../../silence/silence-monitor.ts"
import { type Alarm, type Watch } from "../../silence/silence.ts"
import { summaryOf } from "../../silence/alarm-texts.ts"
import { channelUrl, readAddress, urlFlag } from "../flags/server-address.ts"
import { readArguments } from "../arguments.ts"
import { type Command, exit, UsageError } from "../command.ts"
import { sayUntilRefused } from "../channels/connection-status.ts"
import { credential } from "../flags/secrets.ts"
import { readTime } from "../flags/quantities.ts"
import { readTells, tellFlags } from "./alarm-flags.ts"
import { print, printJson, say } from "../terminal.ts"

const flags = {
  every: { type: "string", value: "<time>", says: "how often it speaks; default a sixth of --silent" },
  silent: {
    type: "string",
    value: "<time>",
    says: "alarm after so long without a word; default six times --every",
  },
  ...tellFlags,
  json: { type: "boolean", says: "print a line of JSON an alarm" },
  url: urlFlag,
} as const

export const watch: Command = {
  name: "watch",
  summary: "Say when a channel is silent, and when it is back",
  usage: "watch <channel> --every <time> [flags]",
  flags,
  examples: [
    ["laba watch /hosts/log-1/heartbeat --every 5s --silent 30s", "prints a line when nothing came for 30 s"],
    ["laba watch /jobs/backup --silent 25h --exec './page-me.sh'", "and runs a command"],
    ["laba watch /hosts/log-1/heartbeat --every 5s --publish /alarms", "and tells everybody at /alarms"],
    [
      "laba watch /jobs/backup --silent 25h --mail ops@example.com --sms +8613711112222",
      "and mails and texts",
    ],
  ],
  async run(args) {
    const { given, words } = readArguments(args, flags, 1)
    const address = readAddress(words[0], given.url)
    const name = new URL(channelUrl(address)).pathname
    const what = { channel: name, ...readRhythm(given.every, given.silent) }
    if (given.publish === name) throw new UsageError("--publish to the watched channel would end its silence")
    const tells = await readTells(given, process.env)
    const token = credential()
    const laba = connect(address.server, token ? { token: () => token } : {})
    const channel = laba.channel(name)
    const tell = telling(laba, tells)
    const tail = () => tailCursor(channelUrl(address), token)
    keepWatch(channel, what, tail, (alarm) => {
      if (given.json) printJson(alarm)
      else print(`${new Date(alarm.time).toISOString()} ${summaryOf(alarm)}`)
      tell(alarm)
    })
    try {
      await sayUntilRefused(laba, channel, address.server)
    } finally {
      laba.close()
    }
    return exit.ok
  },
}

function readRhythm(every: string | undefined, silent: string | undefined): Omit<Watch, "channel"> {
  if (every === undefined && silent === undefined) throw new UsageError("say how often it speaks: --every 5s")
  const everyMs = every === undefined ? null : readTime("--every", every)
  const silentMs = silent === undefined ? 6 * (everyMs as number) : readTime("--silent", silent)
  if (silentMs <= (everyMs ?? 0))
    throw new UsageError("--silent must be longer than --every: else each pause is an alarm")
  if (silentMs < silentMsMin) throw new UsageError(`--silent must be at least ${silentMsMin}ms`)
  return { everyMs: everyMs ?? silentMs / 6, silentMs }
}

function telling(laba: Laba, tells: readonly Tell[]): (alarm: Alarm) => void {
  const sender = new AlarmSender({
    clock: systemClock,
    onFailure({ name }, error, isGivenUp) {
      const why = error instanceof Error ? error.message : String(error)
      say(`laba: ${name} was not told: ${why}${isGivenUp ? "; given up" : "; trying again"}`)
    },
  })
  const publish = (channel: string, alarm: Alarm) => laba.publish(channel, alarm)
  const recipients = tells.flatMap((one) => recipientsOf(one, { publish }))
  return (alarm) => void sender.sendAll(recipients, alarm)
}

/**
 * Looks and listens for as long as the process lives. Begins to count when it first could listen. A connection that died
 * without a word looks like silence until its heartbeat fails, so before an alarm the server is asked on another one.
 */
function keepWatch(
  channel: Channel,
  what: Watch,
  readTail: () => Promise<string | null>,
  raise: (alarm: Alarm) => void,
): void {
  const everyMs = lookEveryMs(what.silentMs)
  let begun: { readonly listened: ListeningClock; readonly silence: SilenceDetector } | null = null
  let last: string | null = null
  let isAsking = false
  /** The tail that the server told, when that was not what was heard. */
  let toldTail: string | null = null

  const alarm = (kind: Alarm["alarm"]): void => {
    if (!begun) return
    const silentMs = begun.silence.silentForMs(begun.listened.ms)
    raise(alarmOf(kind, what, { channel: channel.name, last, time: systemClock.now(), silentMs }))
  }
  const live = (): void => {
    const canListen = channel.state === "open"
    if (!begun && canListen) {
      const listened = new ListeningClock(everyMs, systemClock.monotonic())
      begun = { listened, silence: new SilenceDetector(what.silentMs, 0) }
    }
    if (begun?.listened.advance(systemClock.monotonic(), canListen))
      begun.silence.disturbed(begun.listened.ms)
  }
  channel.on("message", ({ cursor }) => {
    live()
    last = cursor
    if (begun?.silence.isSilent && !isAsking) alarm("back")
    begun?.silence.heard(begun.listened.ms)
  })
  channel.on("reset", ({ reason }) => {
    say(`laba: reset (${reason}): what came meanwhile is not kept; counting anew`)
    begun?.silence.lostTrack(begun.listened.ms)
  })
  const look = async (): Promise<void> => {
    live()
    if (isAsking || !begun || !begun.silence.fallsSilent(begun.listened.ms)) return
    isAsking = true
    const tail = await readTail().catch(() => "unreachable" as const)
    isAsking = false
    // It may have been heard while we asked.
    if (!begun.silence.isSilent) return
    if (tail === "unreachable") begun.silence.isSilent = false
    else if (tail === null || tail === channel.cursor || tail === toldTail || hasNoMessage(tail))
      alarm("silent")
    else {
      // It has spoken, and we did not hear: from now on what the server says counts as well.
      toldTail = tail
      begun.silence.heard(begun.listened.ms)
    }
  }
  setInterval(() => void look(), everyMs)
}

/** The numbering is new and nothing was said in it. */
const hasNoMessage = (cursor: string): boolean => offsetIn(cursor) === 0

/** The tail's cursor; null where this may not be asked. Rejects when the server cannot be reached. */
async function tailCursor(url: string, token: string | undefined): Promise<string | null> {
  const headers = token ? { authorization: `Bearer ${token}` } : {}
  // Never on a connection that was used before: it may be as dead as the one in question.
  const how = { method: "HEAD", headers, keepalive: false, signal: AbortSignal.timeout(5_000) }
  const answer = await fetch(url, how)
  if (answer.status >= 500) throw new Error(`the server answered ${answer.status}`)
  return answer.headers.get("laba-cursor")
}
