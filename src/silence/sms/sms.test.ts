import { describe, expect, test } from "bun:test"
import { e164, type SmsFetch, SmsRefused } from "./sms.ts"
import { tc3Authorization, tencentSms } from "./tencent.ts"
import { twilioSms } from "./twilio.ts"

interface Sent {
  readonly url: string
  readonly headers: Headers
  readonly body: string
}

/** A provider that keeps what it was sent and answers as its documentation says. */
function provider(answer: unknown, status = 200): { readonly sent: Sent[]; readonly fetch: SmsFetch } {
  const sent: Sent[] = []
  return {
    sent,
    async fetch(url, init) {
      expect(init.method).toBe("POST")
      sent.push({ url, headers: new Headers(init.headers), body: String(init.body) })
      return Response.json(answer, { status })
    },
  }
}

const sms = { to: "+8613711112222", text: "Paid until 2027-01-31, 谢谢", places: ["Ada", "2027-01-31"] }

describe("Tencent Cloud", () => {
  test("is asked with the signature of the worked example in its documentation", () => {
    // cloud.tencent.com/document/api/213/30654: each value is the page's own.
    const authorization = tc3Authorization({
      secretId: "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
      secretKey: "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
      service: "cvm",
      host: "cvm.tencentcloudapi.com",
      timestamp: 1551113065,
      payload: String.raw`{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}`,
    })
    expect(authorization).toBe(
      "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, " +
        "SignedHeaders=content-type;host, " +
        "Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
    )
  })

  const options = {
    secretId: "id",
    secretKey: "key",
    appId: "1400006666",
    templateId: "1110",
    signName: "喇叭",
    now: () => 1_551_113_065_500,
  }
  const ok = {
    Response: {
      SendStatusSet: [
        {
          SerialNo: "5000:1045710669157053657849499619",
          PhoneNumber: "+8613711112222",
          Fee: 1,
          SessionContext: "test",
          Code: "Ok",
          Message: "send success",
          IsoCode: "CN",
        },
      ],
      RequestId: "a0aabda6-cf91-4f3e-a81f-9198114a2279",
    },
  }

  test("gets SendSms of 2021-01-11: the template's places, the number in E.164, all in signed headers and JSON", async () => {
    const { sent, fetch } = provider(ok)
    expect(await tencentSms({ ...options, fetch }).send(sms)).toBe("5000:1045710669157053657849499619")
    const [{ url, headers, body }] = sent as [Sent]
    expect(url).toBe("https://sms.tencentcloudapi.com/")
    expect(JSON.parse(body)).toEqual({
      PhoneNumberSet: ["+8613711112222"],
      SmsSdkAppId: "1400006666",
      TemplateId: "1110",
      SignName: "喇叭",
      TemplateParamSet: ["Ada", "2027-01-31"],
    })
    expect(headers.get("x-tc-action")).toBe("SendSms")
    expect(headers.get("x-tc-version")).toBe("2021-01-11")
    expect(headers.get("x-tc-region")).toBe("ap-guangzhou")
    expect(headers.get("x-tc-timestamp")).toBe("1551113065")
    expect(headers.get("content-type")).toBe("application/json; charset=utf-8")
    const request = { secretId: "id", secretKey: "key", service: "sms", host: "sms.tencentcloudapi.com" }
    expect(headers.get("authorization")).toBe(
      tc3Authorization({ ...request, timestamp: 1551113065, payload: body }),
    )
  })

  test("has refused it when it says so, though it answers 200", async () => {
    const error = {
      Code: "AuthFailure.SignatureFailure",
      Message: "The provided credentials could not be validated.",
    }
    const refusals = [
      [{ Response: { Error: error, RequestId: "r" } }, "AuthFailure.SignatureFailure"],
      [
        {
          Response: {
            SendStatusSet: [{ ...ok.Response.SendStatusSet[0], Code: "LimitExceeded.PhoneNumberDailyLimit" }],
          },
        },
        "LimitExceeded.PhoneNumberDailyLimit",
      ],
      [{}, "200"],
    ] as const
    for (const [answer, code] of refusals) {
      const { fetch } = provider(answer)
      const error = await tencentSms({ ...options, fetch })
        .send(sms)
        .catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(SmsRefused)
      expect((error as SmsRefused).code).toBe(code)
    }
  })
})

describe("Twilio", () => {
  const options = { accountSid: `AC${"0".repeat(32)}`, authToken: "token", from: "+14155552671" }

  test("gets a form with To, From and Body, under the account's name and token", async () => {
    const { sent, fetch } = provider({ sid: "SM1", status: "queued" }, 201)
    expect(await twilioSms({ ...options, fetch }).send(sms)).toBe("SM1")
    const [{ url, headers, body }] = sent as [Sent]
    expect(url).toBe(`https://api.twilio.com/2010-04-01/Accounts/AC${"0".repeat(32)}/Messages.json`)
    expect(headers.get("content-type")).toBe("application/x-www-form-urlencoded")
    expect(headers.get("authorization")).toBe(`Basic ${btoa(`AC${"0".repeat(32)}:token`)}`)
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      To: "+8613711112222",
      From: "+14155552671",
      Body: "Paid until 2027-01-31, 谢谢",
    })
  })

  test("gets a messaging service in the place of a number", async () => {
    const { sent, fetch } = provider({ sid: "SM1" }, 201)
    await twilioSms({ ...options, from: `MG${"a".repeat(32)}`, fetch }).send(sms)
    const form = new URLSearchParams(sent[0]?.body)
    expect(form.get("MessagingServiceSid")).toBe(`MG${"a".repeat(32)}`)
    expect(form.has("From")).toBe(false)
  })

  test("has refused it with a code of its own", async () => {
    const answer = {
      code: 21211,
      message: "The 'To' number 5551234567 is not a valid phone number.",
      more_info: "https://www.twilio.com/docs/errors/21211",
      status: 400,
    }
    const { fetch } = provider(answer, 400)
    expect(twilioSms({ ...options, fetch }).send(sms)).rejects.toThrow("21211: The 'To' number 5551234567")
  })
})

test("a number is read as people write it, and none is made of what is no number", () => {
  expect(e164("+86 137-1111-2222")).toBe("+8613711112222")
  expect(e164("+1 (415) 555-2671")).toBe("+14155552671")
  for (const text of ["", "13711112222", "+0123456789", "+86", "+86 137x1112222", "+".padEnd(20, "1")])
    expect(e164(text)).toBeNull()
})
