import { describe, expect, test } from "bun:test"
import { type ConfigInput, ConfigError, parseConfig } from "../config.ts"
import type { WatchInput } from "../input/watch-input.ts"

const tell = [{ channel: "/alarms" }]
const watchOf = (watch: WatchInput) => parseConfig({ watch: [watch] } satisfies ConfigInput).watch[0]

const linesOf = (watch: unknown): string[] => {
  try {
    parseConfig({ watch })
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n")
    throw error
  }
  return []
}

describe("a watch", () => {
  test("may say how often, when it is silent, or both", () => {
    const heart = { channel: "/hosts/log-1/heartbeat", tell }
    expect(watchOf({ ...heart, every: "5s", silent: "30s" })).toMatchObject({
      everyMs: 5000,
      silentMs: 30_000,
    })
    expect(watchOf({ ...heart, every: 5 })).toMatchObject({ everyMs: 5000, silentMs: 30_000 })
    expect(watchOf({ ...heart, silent: "1m" })).toMatchObject({ everyMs: 10_000, silentMs: 60_000 })
  })

  test("may tell in every way", () => {
    const mail = { smtp: "smtps://laba:x@mail.example", from: "laba@example.com", to: "ops@example.com" }
    const tencent = { secretId: "i", secretKey: "k", appId: "1400006666", templateId: "1" }
    const twilio = { accountSid: "AC1", authToken: "t", from: "+14155552671" }
    const watch = watchOf({
      channel: "/hosts/*",
      every: 5,
      tell: [
        { channel: "/alarms" },
        { webhook: "https://ops.example/hook", secret: "s" },
        { command: "wall" },
        { command: ["./page-me", "now"] },
        { mail },
        { sms: { provider: "tencent", to: "+86 137 1111 2222", ...tencent } },
        { sms: { provider: "twilio", to: ["+14155552672"], ...twilio } },
      ],
    })
    expect(watch?.tell as unknown).toEqual([
      { way: "channel", channel: "/alarms" },
      { way: "webhook", url: "https://ops.example/hook", secret: "s" },
      { way: "command", command: "wall" },
      { way: "command", command: ["./page-me", "now"] },
      { way: "mail", mail: { ...mail, to: ["ops@example.com"] } },
      { way: "sms", sms: { to: ["+8613711112222"], provider: { name: "tencent", ...tencent } } },
      { way: "sms", sms: { to: ["+14155552672"], provider: { name: "twilio", ...twilio } } },
    ])
  })

  test("has no secret that is empty", () => {
    const told = (one: object) => linesOf([{ channel: "/a", every: 5, tell: [one] }])
    const webhook = "https://ops.example/hook"
    for (const secret of [" ", "whsec_", "whsec_!"])
      expect(told({ webhook, secret })).toEqual(["watch.0.tell.0.secret: is empty"])
    const mail = { from: "laba@example.com", to: "ops@example.com" }
    for (const smtp of ["smtp://laba:@mail.example", "smtps://:@mail.example:465"])
      expect(told({ mail: { ...mail, smtp } })).toEqual([
        "watch.0.tell.0.mail.smtp: has an empty password before its @",
      ])
    expect(told({ mail: { ...mail, smtp: "smtp://laba:%3A@mail.example" } })).toEqual([])
  })

  test("is refused with what is wrong, and without its secrets", () => {
    const cases: [watch: unknown, line: string][] = [
      [
        { channel: "/a", tell },
        "watch.0: needs `every` or `silent`: how often it speaks, or when it is silent",
      ],
      [
        { channel: "/a", every: 30, silent: 30, tell },
        "watch.0.silent: must be longer than `every`: else each pause is an alarm",
      ],
      [{ channel: "/a", silent: "50ms", tell }, "watch.0.silent: must be at least 100ms"],
      [{ channel: "a", every: 5, tell }, "watch.0.channel: not a pattern of channels: it starts with `/`."],
      [
        { channel: "/alarms/**", every: 5, tell },
        "watch.0.tell.0.channel: is watched itself by /alarms/**: the alarm would end the silence it tells of",
      ],
      [
        { channel: "/a", every: 5, tell: [{}] },
        "watch.0.tell.0: needs exactly one of channel, webhook, command, mail, sms",
      ],
      [
        { channel: "/a", every: 5, tell: [{ channel: "/b", command: "x" }] },
        "watch.0.tell.0: needs exactly one of channel, webhook, command, mail, sms",
      ],
      [
        { channel: "/a", every: 5, tell: [{ channel: "/b", secret: "hush" }] },
        "watch.0.tell.0.secret: belongs to a webhook",
      ],
      [
        { channel: "/a", every: 5, tell: [{ webhook: "ftp://hush" }] },
        "watch.0.tell.0.webhook: must be the address of a receiver: https://…",
      ],
      [
        { channel: "/a", every: 5, tell: [{ mail: { smtp: "mail:hush@x", from: "a@b", to: "c@d" } }] },
        "watch.0.tell.0.mail.smtp: must be a mail server: smtp://user:password@host:587",
      ],
      [
        {
          channel: "/a",
          every: 5,
          tell: [{ sms: { provider: "twilio", to: "137", accountSid: "A", authToken: "hush" } }],
        },
        "watch.0.tell.0.sms.from: is needed for twilio",
      ],
      [{ channel: "/a", every: 5, tell: [] }, "watch.0.tell: must have at least 1 in its list"],
      [{ channel: "/a", evry: 5, tell }, 'watch.0.evry: unknown key, did you mean "every"?'],
    ]
    for (const [watch, line] of cases) {
      const lines = linesOf([watch])
      expect(lines).toContain(line)
      expect(lines.join("\n")).not.toContain("hush")
    }
  })
})
