// Who `laba watch` tells, by its flags. What a flag does not say comes from the environment, else from the watches of the
// configuration, where servers have it too.
import { type Config, ConfigError, parseConfig } from "../../config/config.ts"
import type { SmsInput, TellInput } from "../../config/input/watch-input.ts"
import type { MailTell, SmsTell, Tell } from "../../silence/tell/tell.ts"
import { type Command, UsageError } from "../command.ts"
import { configFlag, loadConfig } from "../flags/config.ts"
import { secretIn, webhookSecret } from "../flags/secrets.ts"

export const tellFlags = {
  exec: {
    type: "string",
    value: "<command>",
    says: "run it for each alarm: JSON on standard input, LABA_ALARM is silent or back",
  },
  webhook: { type: "string", value: "<url>", says: "post each alarm to it; LABA_WEBHOOK_SECRET signs it" },
  publish: { type: "string", value: "<channel>", says: "publish each alarm to this channel" },
  mail: {
    type: "string",
    value: "<addresses>",
    says: "mail each alarm to them; LABA_SMTP and LABA_MAIL_FROM, or as a watch of the configuration has it",
  },
  sms: {
    type: "string",
    value: "<numbers>",
    says: "text each alarm to them; by TWILIO_… or TENCENTCLOUD_… variables, or as a watch of the configuration",
  },
  config: configFlag,
} as const satisfies Command["flags"]

type TellFlags = Readonly<Partial<Record<keyof typeof tellFlags, string>>>

type Environment = Readonly<Record<string, string | undefined>>

/** Throws `UsageError` for what is none, and `CommandError` for a configuration that cannot be read. */
export async function readTells(given: TellFlags, environment: Environment): Promise<readonly Tell[]> {
  const { exec, webhook, publish, mail, sms } = given
  const needsConfig = mail !== undefined || sms !== undefined
  const config = needsConfig ? (await loadConfig(given.config, {})).config : null
  const secret = webhookSecret(environment)
  return [
    ...(exec === undefined ? [] : [asTell("exec", { command: exec })]),
    ...(webhook === undefined ? [] : [asTell("webhook", { webhook, ...(secret && { secret }) })]),
    ...(publish === undefined ? [] : [asTell("publish", { channel: publish })]),
    ...(mail === undefined ? [] : [asTell("mail", { mail: mailFrom(mail, config, environment) })]),
    ...(sms === undefined ? [] : [asTell("sms", { sms: smsFrom(sms, config, environment) })]),
  ]
}

/** As the configuration would take it: what is wrong there is wrong here, in the same words. */
function asTell(flag: keyof typeof tellFlags, tell: TellInput): Tell {
  try {
    const { watch } = parseConfig({ watch: [{ channel: "/watched/by/a/command", every: 1, tell: [tell] }] })
    return watch[0]?.tell[0] as Tell
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new UsageError(`--${flag}: ${error.problems[0]?.message}`)
  }
}

/** Several are apart by commas. */
const several = (text: string): string[] => text.split(",").map((one) => one.trim())

function mailFrom(to: string, config: Config | null, environment: Environment): TellInput["mail"] & object {
  const known = configuredTells(config).find((one) => one.way === "mail")?.mail as MailTell | undefined
  const smtp = environment["LABA_SMTP"] || known?.smtp
  const from = environment["LABA_MAIL_FROM"] || known?.from
  if (!smtp || !from)
    throw new UsageError(
      "--mail needs a mail server: set LABA_SMTP and LABA_MAIL_FROM, or have a watch that mails in laba.yaml",
    )
  const addresses = several(to)
  if (!addresses.every((address) => /^[^\s@]+@[^\s@]+$/.test(address)))
    throw new UsageError(`--mail is an address such as ops@example.com, or several with commas, not "${to}"`)
  return { smtp, from, to: addresses }
}

function smsFrom(to: string, config: Config | null, environment: Environment): SmsInput {
  const provider =
    providerIn(environment) ?? configuredTells(config).find((one) => one.way === "sms")?.sms.provider
  if (!provider)
    throw new UsageError(
      "--sms needs a provider: set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM, or TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY, LABA_SMS_APP_ID and LABA_SMS_TEMPLATE_ID, or have a watch that texts in laba.yaml",
    )
  const { name, ...settings } = provider
  return { provider: name, ...settings, to: several(to) }
}

const configuredTells = (config: Config | null): readonly Tell[] =>
  config?.watch.flatMap(({ tell }) => tell) ?? []

/** Null when it names none. Throws `UsageError` when it has one by halves. */
function providerIn(environment: Environment): SmsTell["provider"] | null {
  const of = (name: string): string => {
    const text = secretIn(name, environment)
    if (!text) throw new UsageError(`--sms needs ${name} in the environment too`)
    return text
  }
  const { LABA_SMS_SIGN_NAME: signName } = environment
  const accountSid = secretIn("TWILIO_ACCOUNT_SID", environment)
  if (accountSid)
    return {
      name: "twilio",
      accountSid,
      authToken: of("TWILIO_AUTH_TOKEN"),
      from: of("TWILIO_FROM"),
    }
  const secretId = secretIn("TENCENTCLOUD_SECRET_ID", environment)
  if (!secretId) return null
  return {
    name: "tencent",
    secretId,
    secretKey: of("TENCENTCLOUD_SECRET_KEY"),
    appId: of("LABA_SMS_APP_ID"),
    templateId: of("LABA_SMS_TEMPLATE_ID"),
    ...(signName && { signName }),
  }
}
