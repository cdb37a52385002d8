import { describe, expect, test } from "bun:test"
import { duration, mailTextOf, summaryOf } from "../alarm-texts.ts"
import type { Alarm } from "../silence.ts"
import { recipientsOf } from "./recipient.ts"
import type { Tell } from "./tell.ts"

const silent: Alarm = {
  alarm: "silent",
  channel: "/heart",
  watch: "/*",
  time: Date.UTC(2026, 10, 21, 8, 30),
  silentSeconds: 30.2,
  everySeconds: 5,
  last: "e-1",
}
const back: Alarm = { ...silent, alarm: "back", silentSeconds: 631, last: "e-2" }

describe("an alarm in words", () => {
  test("is one line, and a letter that says when it was noticed and what was heard last", () => {
    expect(summaryOf(silent)).toBe("/heart is silent: nothing for 30.2 s, expected every 5 s.")
    expect(summaryOf(back)).toBe("/heart is back, after 10.5 min of silence.")
    expect(mailTextOf(silent)).toContain(
      "Noticed at 2026-11-21T08:30:00.000Z by the watch of /*.\nThe last message was e-1.",
    )
    expect(mailTextOf({ ...silent, last: null })).toContain("Nothing was ever heard from it.")
    expect(mailTextOf(back)).toContain("It speaks again since e-2.")
  })

  test("has times that people read", () => {
    expect([0.5, 30, 119, 120, 5_400, 86_400].map(duration)).toEqual([
      "0.5 s",
      "30 s",
      "119 s",
      "2 min",
      "90 min",
      "24 h",
    ])
  })
})

describe("those who are told", () => {
  const publish = async (): Promise<void> => {}
  const namesOf = (tell: Tell): string[] => recipientsOf(tell, { publish }).map(({ name }) => name)

  test("have names without secrets", () => {
    expect(
      namesOf({ way: "webhook", url: "https://u:pw@ops.example/hook/s3cret?key=s3cret", secret: "s3cret" }),
    ).toEqual(["webhook https://ops.example"])
    expect(namesOf({ way: "command", command: ["./page-me", "s3cret"] })).toEqual(["command ./page-me"])
    const mail = { smtp: "smtp://u:s3cret@mail.example", from: "a@b.example", to: ["c@d.example"] }
    expect(namesOf({ way: "mail", mail })).toEqual(["mail c@d.example"])
  })

  test("by text message are each for themselves, so that one who cannot be reached costs the others nothing", () => {
    const provider = { name: "twilio", accountSid: "AC1", authToken: "s3cret", from: "+14155552671" } as const
    expect(namesOf({ way: "sms", sms: { to: ["+8613711112222", "+14155552672"], provider } })).toEqual([
      "twilio …2222",
      "twilio …2672",
    ])
  })

  test("by a command that fails are not told", async () => {
    const [recipient] = recipientsOf({ way: "command", command: ["sh", "-c", "exit 3"] }, { publish })
    expect(recipient?.tell(silent)).rejects.toThrow("ended with 3")
  })
})
