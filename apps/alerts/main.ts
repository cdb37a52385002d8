// The command line: starts the demo and says where it is.
import {
  addressIn,
  folderIn,
  hostIn,
  ifGiven,
  UsageError,
  networksIn,
  portIn,
  readFlags,
  runCommand,
  secondsIn,
} from "../kit/command/command-line.ts"
import { keptPort } from "../kit/command/kept-port.ts"
import { requireHttpsFromHttps } from "../kit/command/https-from-https.ts"
import { stopBySignal } from "../kit/command/ports-and-signals.ts"
import { startDemo } from "./demo.ts"
import { mailSettings, smsSender } from "./mail-and-sms-settings.ts"

const usage = `alerts                  a payment told by mail and SMS, a deploy board, a heart that must be heard
  --data DIR            where books, places and messages are kept (default ./data/alerts)
  --host, --port        where to listen (default 127.0.0.1, 8093; 0 is any free port)
  --laba-port PORT      where its Laba listens (default: where it was last on this folder, at first 8094; a free one where that is
                        taken)
  --public URL          where the pages come from, when they are reached under a name, or by a proxy
  --public-laba URL     where pages find its Laba, behind a proxy; needed where they come by https
  --proxies NETWORK     whose X-Forwarded-For is believed, such as 10.0.0.0/8; may be given more than once (default: with
                        --public, proxies on this machine)
  --every, --silent     seconds between the heartbeats, and without one before the alarm (default 5 and 30)
  --smtp URL            a mail server elsewhere, smtp://user:password@host:587; --mail-from and --mail-to go with it.
                        Default: a mailbox of its own, shown on the page
  --sms PROVIDER        tencent or twilio; default: a phone of its own, shown on the page
                        tencent: TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY, ALERTS_SMS_APP_ID,
                        ALERTS_SMS_TEMPLATE_ID, ALERTS_SMS_SIGN_NAME
                        twilio: TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM`

const options = {
  data: { type: "string", default: "data/alerts" },
  host: { type: "string", default: "127.0.0.1" },
  port: { type: "string", default: "8093" },
  "laba-port": { type: "string" },
  public: { type: "string" },
  "public-laba": { type: "string" },
  proxies: { type: "string", multiple: true },
  every: { type: "string", default: "5" },
  silent: { type: "string", default: "30" },
  smtp: { type: "string" },
  "mail-from": { type: "string" },
  "mail-to": { type: "string" },
  sms: { type: "string" },
  help: { type: "boolean", default: false },
} as const

function rhythmOf(values: { readonly every: string; readonly silent: string }) {
  const everySeconds = secondsIn("every", values.every)
  const silentSeconds = secondsIn("silent", values.silent)
  if (silentSeconds <= everySeconds)
    throw new UsageError("--silent must be longer than --every: else each pause is an alarm")
  return { everySeconds, silentSeconds }
}

await runCommand("alerts", async () => {
  const { values } = readFlags({ options })
  if (values.help) return console.log(usage)
  const host = hostIn("host", values.host)
  const data = folderIn("data", values.data)
  requireHttpsFromHttps({ publicUrl: values.public, flag: "public-laba", url: values["public-laba"] })
  const demo = await startDemo({
    data,
    host,
    port: portIn("port", values.port),
    publicUrl: ifGiven(addressIn, "public", values.public),
    publicLaba: ifGiven(addressIn, "public-laba", values["public-laba"]),
    proxies: ifGiven(networksIn, "proxies", values.proxies),
    ...rhythmOf(values),
    mail: mailSettings(values),
    sms: smsSender(values.sms, process.env),
    // Last, since it is written down.
    labaPort:
      ifGiven(portIn, "laba-port", values["laba-port"]) ??
      keptPort({ folder: data, name: "laba", host, wish: 8094 }),
  })
  console.log(`The alerts are at ${demo.url}`)
  console.log(`Laba is at ${demo.labaUrl}`)
  stopBySignal(() => demo.close())
})
