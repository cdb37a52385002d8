import { expect, test } from "bun:test"
import { mailSettings, smsSender } from "./mail-and-sms-settings.ts"

test("without settings nothing leaves this machine", () => {
  expect(mailSettings({})).toBeNull()
  expect(smsSender(undefined, {})).toBeNull()
})

test("a mail server needs to know from whom and to whom", () => {
  const given = { smtp: "smtp://mail.example", "mail-from": "a@b.example" }
  expect(() => mailSettings(given)).toThrow("--smtp needs --mail-from and --mail-to")
  expect(() => mailSettings({ "mail-to": "c@d.example" })).toThrow("--mail-from and --mail-to go with --smtp")
  expect(mailSettings({ ...given, "mail-to": "c@d.example" })).toEqual({
    smtp: "smtp://mail.example",
    from: "a@b.example",
    to: "c@d.example",
  })
})

test("a provider of text messages names the variable that it misses", () => {
  expect(() => smsSender("tencent", {})).toThrow("--sms tencent needs TENCENTCLOUD_SECRET_ID in")
  expect(() => smsSender("twilio", { TWILIO_ACCOUNT_SID: "AC1" })).toThrow(
    "--sms twilio needs TWILIO_AUTH_TOKEN in",
  )
  expect(() => smsSender("pigeon", {})).toThrow('--sms is tencent or twilio, not "pigeon"')
  const tencent = {
    TENCENTCLOUD_SECRET_ID: "i",
    TENCENTCLOUD_SECRET_KEY: "k",
    ALERTS_SMS_APP_ID: "1400006666",
    ALERTS_SMS_TEMPLATE_ID: "1",
  }
  expect(smsSender("tencent", tencent)?.name).toBe("tencent")
  const twilio = { TWILIO_ACCOUNT_SID: "AC1", TWILIO_AUTH_TOKEN: "t", TWILIO_FROM: "+14155552671" }
  expect(smsSender("twilio", twilio)?.name).toBe("twilio")
})
