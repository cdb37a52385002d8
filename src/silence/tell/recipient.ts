// Makes of a configured way those who can be told by it. Here every way is named; what each does is elsewhere.
import { postEvent } from "../../reactions/cloud-event.ts"
import { runCommand } from "../../reactions/shell-command.ts"
import type { Recipient } from "../alarm-sender.ts"
import { tencentSms } from "../sms/tencent.ts"
import { twilioSms } from "../sms/twilio.ts"
import { alarmType, summaryOf } from "../alarm-texts.ts"
import type { Alarm } from "../silence.ts"
import { mailTo } from "./mail.ts"
import type { SmsTell, Tell } from "./tell.ts"

/** How long a webhook or a command may take. */
const tellMsMax = 30_000

interface RecipientSurroundings {
  /** Publishes JSON to a channel, by the server or by a client. */
  readonly publish: (channel: string, alarm: Alarm) => Promise<unknown>
}

export function recipientsOf(tell: Tell, { publish }: RecipientSurroundings): Recipient[] {
  switch (tell.way) {
    case "channel":
      return [
        {
          name: `channel ${tell.channel}`,
          tell: async (alarm) => void (await publish(tell.channel, alarm)),
        },
      ]
    case "webhook":
      return [webhook(tell.url, tell.secret)]
    case "command":
      return [command(tell.command)]
    case "mail":
      return [mailTo(tell.mail)]
    case "sms":
      return smsTo(tell.sms)
  }
}

const webhook = (url: string, secret: string | undefined): Recipient => ({
  name: `webhook ${withoutSecrets(url)}`,
  tell: (alarm) =>
    postEvent(
      {
        id: `${alarm.alarm}-${alarm.channel}-${alarm.time}`,
        type: alarmType(alarm),
        source: alarm.channel,
        time: alarm.time,
        contentType: "application/json",
        body: JSON.stringify(alarm),
      },
      { url, secret, timeoutMs: tellMsMax },
    ),
})

const command = (line: string | readonly string[]): Recipient => ({
  name: `command ${typeof line === "string" ? line : line[0]}`,
  tell: (alarm) =>
    runCommand({
      command: line,
      input: JSON.stringify(alarm),
      environment: variablesOf(alarm),
      signal: AbortSignal.timeout(tellMsMax),
    }),
})

/** Each number by itself: that one cannot be reached must not send the others the same again. */
function smsTo({ to, provider }: SmsTell): Recipient[] {
  const sender = provider.name === "tencent" ? tencentSms(provider) : twilioSms(provider)
  return to.map((number) => ({
    name: `${sender.name} …${number.slice(-4)}`,
    async tell(alarm) {
      await sender.send({ to: number, text: summaryOf(alarm), places: [alarm.channel, alarm.alarm] })
    },
  }))
}

/** The environment of a command. */
const variablesOf = (alarm: Alarm): Record<string, string> => ({
  LABA_ALARM: alarm.alarm,
  LABA_CHANNEL: alarm.channel,
  LABA_SILENT_SECONDS: String(alarm.silentSeconds),
  LABA_TIME: new Date(alarm.time).toISOString(),
  LABA_CURSOR: alarm.last ?? "",
})

/** Addresses of webhooks often hold their secret in the path or the query. */
const withoutSecrets = (url: string): string => URL.parse(url)?.origin ?? "?"
