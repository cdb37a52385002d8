// Tencent Cloud SMS: `SendSms` of the API 3.0, version 2021-01-11 (cloud.tencent.com/document/product/382/55981), signed
// by TC3-HMAC-SHA256 (cloud.tencent.com/document/api/382/52072). It sends approved templates and nothing else.
import { createHash, createHmac } from "node:crypto"
import { type Sms, smsAnswerMsMax, type SmsFetch, SmsRefused, type SmsSender } from "./sms.ts"

export interface TencentSmsOptions {
  readonly secretId: string
  readonly secretKey: string
  /** `SmsSdkAppId`. */
  readonly appId: string
  /** Of an approved template. */
  readonly templateId: string
  /** An approved signature, without brackets: needed in mainland China. */
  readonly signName?: string
  /** Default `ap-guangzhou`. */
  readonly region?: string
  /** Another address of the service. Default `https://sms.tencentcloudapi.com`. */
  readonly endpoint?: string
  readonly fetch?: SmsFetch
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

const usualEndpoint = "https://sms.tencentcloudapi.com"

/** What is answered, with 200 also when it failed. */
interface Answer {
  readonly Response?: {
    readonly Error?: { readonly Code: string; readonly Message: string }
    readonly SendStatusSet?: readonly {
      readonly SerialNo: string
      readonly Code: string
      readonly Message: string
    }[]
  }
}

export function tencentSms(options: TencentSmsOptions): SmsSender {
  const { secretId, secretKey, appId, templateId, signName, region = "ap-guangzhou" } = options
  const { endpoint = usualEndpoint, fetch: send = fetch, now = Date.now } = options
  const { origin, host } = new URL(endpoint)
  return {
    name: "tencent",
    async send({ to, places }: Sms) {
      const payload = JSON.stringify({
        PhoneNumberSet: [to],
        SmsSdkAppId: appId,
        TemplateId: templateId,
        ...(signName !== undefined && { SignName: signName }),
        TemplateParamSet: places,
      })
      const timestamp = Math.floor(now() / 1000)
      const response = await send(`${origin}/`, {
        method: "POST",
        headers: {
          Authorization: tc3Authorization({ secretId, secretKey, service: "sms", host, timestamp, payload }),
          "Content-Type": contentType,
          "X-TC-Action": "SendSms",
          "X-TC-Version": "2021-01-11",
          "X-TC-Region": region,
          "X-TC-Timestamp": String(timestamp),
        },
        body: payload,
        signal: AbortSignal.timeout(smsAnswerMsMax),
      })
      const answer = ((await response.json().catch(() => ({}))) as Answer).Response
      if (answer?.Error) throw new SmsRefused("Tencent Cloud", answer.Error.Code, answer.Error.Message)
      const status = answer?.SendStatusSet?.[0]
      if (!status)
        throw new SmsRefused("Tencent Cloud", String(response.status), "it gave no answer that says more")
      if (status.Code !== "Ok") throw new SmsRefused("Tencent Cloud", status.Code, status.Message)
      return status.SerialNo
    },
  }
}

const contentType = "application/json; charset=utf-8"

interface Tc3Request {
  readonly secretId: string
  readonly secretKey: string
  /** The product, such as `sms`. */
  readonly service: string
  readonly host: string
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly payload: string
}

/** The header `Authorization` of a POST of JSON. */
export function tc3Authorization(request: Tc3Request): string {
  const { secretId, secretKey, service, host: to, timestamp, payload } = request
  const signedHeaders = "content-type;host"
  const canonical = [
    "POST",
    "/",
    "",
    `content-type:${contentType}`,
    `host:${to}`,
    "",
    signedHeaders,
    sha256(payload),
  ].join("\n")
  // In UTC: with the local day it would be wrong for some hours of each.
  const date = new Date(timestamp * 1000).toISOString().slice(0, 10)
  const scope = `${date}/${service}/tc3_request`
  const toSign = ["TC3-HMAC-SHA256", timestamp, scope, sha256(canonical)].join("\n")
  const key = hmac(hmac(hmac(`TC3${secretKey}`, date), service), "tc3_request")
  const signature = createHmac("sha256", key).update(toSign).digest("hex")
  return `TC3-HMAC-SHA256 Credential=${secretId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest()
