// What is wrong with configured watches beyond their shape, and what they come to. No message holds a secret.
import { covers } from "../../channels/pattern-cover.ts"
import { parseChannel } from "../../channels/name.ts"
import { parsePattern } from "../../channels/pattern.ts"
import { isEmptySecret } from "../../reactions/webhook-signature.ts"
import { e164 } from "../../silence/sms/sms.ts"
import type { SmsTell, Tell } from "../../silence/tell/tell.ts"
import type { Watch } from "../../silence/silence.ts"
import type { Problem } from "../config-error.ts"
import { patternProblem } from "./pattern-problem.ts"
import type { SmsOutput, TellOutput, WatchOutput } from "../schema/watch-schema.ts"

/** A watch as it is configured: what is watched, and who is told. */
export interface WatchConfig extends Watch {
  readonly tell: readonly Tell[]
}

/** How often a channel speaks while it may be silent, when only one of the two is said. */
const beatsPerSilence = 6

/** The shortest silence. Looking is not free: each watch asks the engine some 120 times while a channel may be silent. */
export const silentMsMin = 100

/** Watches of one node, and who is told by one. */
const watchesMax = 1000
const tellMax = 20

const ways = ["channel", "webhook", "command", "mail", "sms"] as const

/** Only for what has no problems. */
export const watchConfigOf = (watches: readonly WatchOutput[]): readonly WatchConfig[] =>
  watches.map((watch) => ({
    channel: parsePattern(watch.channel).text,
    ...timesOf(watch),
    tell: watch.tell.map(tellOf),
  }))

function timesOf({ every, silent }: WatchOutput): { readonly everyMs: number; readonly silentMs: number } {
  return {
    everyMs: every ?? (silent ?? 0) / beatsPerSilence,
    silentMs: silent ?? (every ?? 0) * beatsPerSilence,
  }
}

export function watchProblems(watches: readonly WatchOutput[]): Problem[] {
  if (watches.length > watchesMax)
    return [{ path: ["watch"], message: `must be at most ${watchesMax} entries` }]
  return watches.flatMap((watch, index) => [
    ...timeProblems(watch, ["watch", index]),
    ...channelProblems(watch, ["watch", index]),
    ...watch.tell.flatMap((tell, at) => tellProblems(tell, ["watch", index, "tell", at])),
  ])
}

function timeProblems(watch: WatchOutput, path: readonly PropertyKey[]): Problem[] {
  if (watch.every === undefined && watch.silent === undefined)
    return [{ path, message: "needs `every` or `silent`: how often it speaks, or when it is silent" }]
  const { everyMs, silentMs } = timesOf(watch)
  if (silentMs < silentMsMin)
    return [{ path: [...path, "silent"], message: `must be at least ${silentMsMin}ms` }]
  if (silentMs > everyMs) return []
  return [{ path: [...path, "silent"], message: "must be longer than `every`: else each pause is an alarm" }]
}

function channelProblems({ channel, tell }: WatchOutput, path: readonly PropertyKey[]): Problem[] {
  const problems: Problem[] = []
  if (tell.length > tellMax)
    problems.push({ path: [...path, "tell"], message: `must be at most ${tellMax} entries` })
  const wrong = patternProblem(channel)
  if (wrong !== null) return [...problems, { path: [...path, "channel"], message: wrong }]
  const pattern = parsePattern(channel)
  for (const [at, { channel: alarmed }] of tell.entries()) {
    if (alarmed === undefined || !isChannel(alarmed) || !covers(pattern, parsePattern(alarmed))) continue
    const message = `is watched itself by ${pattern.text}: the alarm would end the silence it tells of`
    problems.push({ path: [...path, "tell", at, "channel"], message })
  }
  return problems
}

function tellProblems(tell: TellOutput, path: readonly PropertyKey[]): Problem[] {
  const said = ways.filter((way) => tell[way] !== undefined)
  if (said.length !== 1) return [{ path, message: `needs exactly one of ${ways.join(", ")}` }]
  if (tell.secret !== undefined && tell.webhook === undefined)
    return [{ path: [...path, "secret"], message: "belongs to a webhook" }]
  if (tell.channel !== undefined && !isChannel(tell.channel))
    return [
      {
        path: [...path, "channel"],
        message: `must be a channel's name, not ${JSON.stringify(tell.channel)}`,
      },
    ]
  if (tell.webhook !== undefined && !hasScheme(tell.webhook, ["http:", "https:"]))
    return [{ path: [...path, "webhook"], message: "must be the address of a receiver: https://…" }]
  if (tell.mail && !hasScheme(tell.mail.smtp, ["smtp:", "smtps:"]))
    return [
      { path: [...path, "mail", "smtp"], message: "must be a mail server: smtp://user:password@host:587" },
    ]
  if (tell.mail && /^\w+:\/\/[^/@]*:@/.test(tell.mail.smtp))
    return [{ path: [...path, "mail", "smtp"], message: "has an empty password before its @" }]
  if (tell.secret !== undefined && isEmptySecret(tell.secret))
    return [{ path: [...path, "secret"], message: "is empty" }]
  return tell.sms ? smsProblems(tell.sms, [...path, "sms"]) : []
}

function smsProblems(sms: SmsOutput, path: readonly PropertyKey[]): Problem[] {
  const needed =
    sms.provider === "tencent"
      ? (["secretId", "secretKey", "appId", "templateId"] as const)
      : (["accountSid", "authToken", "from"] as const)
  const missing = needed.filter((key) => sms[key] === undefined)
  const wrong = sms.to.filter((number) => e164(number) === null)
  const isLost = sms.endpoint !== undefined && !hasScheme(sms.endpoint, ["http:", "https:"])
  return [
    ...(isLost ? [{ path: [...path, "endpoint"], message: "must be an address: https://…" }] : []),
    ...missing.map((key) => ({ path: [...path, key], message: `is needed for ${sms.provider}` })),
    ...wrong.map((number) => ({
      path: [...path, "to"],
      message: `must be a number with its country code, such as +8613711112222, not ${JSON.stringify(number.slice(0, 40))}`,
    })),
  ]
}

function tellOf({ channel, webhook, secret, command, mail, sms }: TellOutput): Tell {
  if (channel !== undefined) return { way: "channel", channel: parseChannel(channel, "body") }
  if (webhook !== undefined) return { way: "webhook", url: webhook, secret }
  if (command !== undefined) return { way: "command", command }
  if (mail) return { way: "mail", mail }
  return { way: "sms", sms: smsTellOf(sms as SmsOutput) }
}

function smsTellOf({ provider, to, ...rest }: SmsOutput): SmsTell {
  const { secretId = "", secretKey = "", appId = "", templateId = "", signName, region } = rest
  const { accountSid = "", authToken = "", from = "" } = rest
  const numbers = to.map((number) => e164(number) as string)
  const there = rest.endpoint === undefined ? {} : { endpoint: rest.endpoint }
  if (provider === "twilio")
    return { to: numbers, provider: { name: provider, accountSid, authToken, from, ...there } }
  const chosen = {
    ...there,
    ...(signName !== undefined && { signName }),
    ...(region !== undefined && { region }),
  }
  return { to: numbers, provider: { name: provider, secretId, secretKey, appId, templateId, ...chosen } }
}

function isChannel(text: string): boolean {
  try {
    parseChannel(text, "body")
    return true
  } catch {
    return false
  }
}

const hasScheme = (text: string, schemes: readonly string[]): boolean =>
  schemes.includes(URL.parse(text)?.protocol ?? "")
