// Alarms that go out by mail and by text message, from a running server and from `laba watch`: to a real mail server, and
// over HTTP to what stands for the providers, byte for byte what their documentation asks for.
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { join } from "node:path"
import { tc3Authorization } from "../../src/silence/sms/tencent.ts"
import { emptyFolder, LabaProcess } from "../cli/laba.ts"
import { mailServer } from "../support/mail-server.ts"
import { publish } from "../support/publish.ts"
import { startServer } from "../support/server.ts"

/** A busy machine takes its time to start processes. */
setDefaultTimeout(60_000)

interface Asked {
  readonly path: string
  readonly headers: Headers
  readonly body: string
}

/** Both providers at one address: each answers as its documentation says when it has taken a message. */
function providers() {
  const tencent: Asked[] = []
  const twilio: Asked[] = []
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname: path } = new URL(request.url)
      const asked = { path, headers: request.headers, body: await request.text() }
      if (path === "/") {
        tencent.push(asked)
        const status = {
          SerialNo: "5000:1",
          PhoneNumber: "+8613711112222",
          Fee: 1,
          Code: "Ok",
          Message: "ok",
        }
        return Response.json({ Response: { SendStatusSet: [status], RequestId: "1" } })
      }
      twilio.push(asked)
      return Response.json({ sid: "SM1", status: "queued", error_code: null }, { status: 201 })
    },
  })
  return {
    tencent,
    twilio,
    endpoint: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

async function until(isThere: () => boolean): Promise<void> {
  while (!isThere()) await Bun.sleep(10)
}

const quick = { every: "100ms", silent: "400ms" } as const

const tencentOf = (endpoint: string) =>
  ({
    provider: "tencent",
    to: "+8613711112222",
    secretId: "AKID",
    secretKey: "KEY",
    appId: "1400006666",
    templateId: "1110",
    signName: "喇叭",
    endpoint,
  }) as const

const twilioOf = (endpoint: string) =>
  ({
    provider: "twilio",
    to: ["+14155552671", "+14155552672"],
    accountSid: "AC0123456789abcdef0123456789abcdef",
    authToken: "token",
    from: "+15005550006",
    endpoint,
  }) as const

/** As cloud.tencent.com/document/product/382/55981 has it, signed as document/api/382/52072 has it. */
function expectTencent({ headers, body }: Asked, alarm: string): void {
  expect(JSON.parse(body)).toEqual({
    PhoneNumberSet: ["+8613711112222"],
    SmsSdkAppId: "1400006666",
    TemplateId: "1110",
    SignName: "喇叭",
    TemplateParamSet: ["/heart", alarm],
  })
  expect(headers.get("content-type")).toBe("application/json; charset=utf-8")
  expect(headers.get("x-tc-action")).toBe("SendSms")
  expect(headers.get("x-tc-version")).toBe("2021-01-11")
  expect(headers.get("x-tc-region")).toBe("ap-guangzhou")
  const timestamp = Number(headers.get("x-tc-timestamp"))
  expect(Math.abs(Date.now() / 1000 - timestamp)).toBeLessThan(300)
  const host = headers.get("host") as string
  const signed = { secretId: "AKID", secretKey: "KEY", service: "sms", host, timestamp, payload: body }
  expect(headers.get("authorization")).toBe(tc3Authorization(signed))
}

/** As twilio.com/docs/messaging/api/message-resource has it. */
function expectTwilio({ path, headers, body }: Asked, to: string, text: RegExp): void {
  expect(path).toBe("/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json")
  expect(headers.get("content-type")).toBe("application/x-www-form-urlencoded")
  expect(headers.get("authorization")).toBe(`Basic ${btoa("AC0123456789abcdef0123456789abcdef:token")}`)
  const form = new URLSearchParams(body)
  expect([...form.keys()]).toEqual(["To", "From", "Body"])
  expect([form.get("To"), form.get("From")]).toEqual([to, "+15005550006"])
  expect(form.get("Body")).toMatch(text)
}

test("a running server texts by both providers and mails, that a channel is silent and that it is back", async () => {
  await using sms = providers()
  await using mail = await mailServer()
  const tell = [
    { sms: tencentOf(sms.endpoint) },
    { sms: twilioOf(sms.endpoint) },
    { mail: { smtp: mail.url, from: "Laba <laba@example.com>", to: "ops@example.com" } },
  ]
  await using server = await startServer({
    watch: [{ channel: "/heart", ...quick, tell }],
    log: { level: "silent" },
  })
  await until(() => sms.tencent.length === 1 && sms.twilio.length === 2 && mail.letters.length === 1)
  expectTencent(sms.tencent[0] as Asked, "silent")
  const numbers = sms.twilio.map(({ body }) => new URLSearchParams(body).get("To")).sort()
  expect(numbers).toEqual(["+14155552671", "+14155552672"])
  for (const asked of sms.twilio)
    expectTwilio(
      asked,
      new URLSearchParams(asked.body).get("To") as string,
      /^\/heart is silent: nothing for/,
    )
  expect(mail.letters[0]).toMatchObject({ from: "laba@example.com", to: ["ops@example.com"] })
  expect(mail.letters[0]?.text).toContain("Subject: [laba] /heart is silent: nothing for")

  await publish(`${server.base}/heart`, "beat")
  await until(() => sms.tencent.length >= 2 && sms.twilio.length >= 4 && mail.letters.length >= 2)
  expectTencent(sms.tencent[1] as Asked, "back")
  expect(mail.letters[1]?.text).toContain("Subject: [laba] /heart is back, after")
})

describe("laba watch", () => {
  test("mails and texts with the settings of the configuration's watches", async () => {
    await using sms = providers()
    await using mail = await mailServer()
    await using server = await startServer()
    await using folder = await emptyFolder()
    const tell = [
      { mail: { smtp: mail.url, from: "laba@example.com", to: "nobody@example.com" } },
      { sms: tencentOf(sms.endpoint) },
    ]
    await Bun.write(
      join(folder.path, "laba.json"),
      JSON.stringify({ watch: [{ channel: "/other", every: "5s", tell }] }),
    )
    await using watching = new LabaProcess(
      [
        ...["watch", `${server.base}/heart`, "--silent", "400ms"],
        ...["--mail", "ops@example.com, boss@example.com", "--sms", "+86 137 1111 2222"],
      ],
      { cwd: folder.path },
    )
    await watching.says(/\/heart is silent/)
    await until(() => sms.tencent.length === 1 && mail.letters.length === 1)
    expect(mail.letters[0]).toMatchObject({
      from: "laba@example.com",
      to: ["ops@example.com", "boss@example.com"],
    })
    expectTencent(sms.tencent[0] as Asked, "silent")
  })

  test("takes the environment's before them", async () => {
    await using mail = await mailServer()
    await using server = await startServer()
    await using folder = await emptyFolder()
    await using watching = new LabaProcess(
      ["watch", `${server.base}/heart`, "--silent", "400ms", "--mail", "ops@example.com"],
      { cwd: folder.path, env: { LABA_SMTP: mail.url, LABA_MAIL_FROM: "env@example.com" } },
    )
    await until(() => mail.letters.length === 1)
    expect(mail.letters[0]).toMatchObject({ from: "env@example.com", to: ["ops@example.com"] })
    expect(watching.err).not.toContain("was not told")
  })

  test("names what of a provider is missing, and shows no secret", async () => {
    await using folder = await emptyFolder()
    await using watching = new LabaProcess(["watch", "/c", "--every", "5s", "--sms", "+8613711112222"], {
      cwd: folder.path,
      env: { TENCENTCLOUD_SECRET_ID: "AKID", TENCENTCLOUD_SECRET_KEY: "SECRET", LABA_SMS_APP_ID: "1" },
    })
    expect(await watching.ended()).toBe(2)
    expect(watching.err).toContain("LABA_SMS_TEMPLATE_ID")
    expect(watching.err).not.toContain("SECRET")
  })
})
