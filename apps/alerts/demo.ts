// Puts the demo together: a mailbox, a Laba, the payment service, the subscribers, the nodes, the log server, the pages.
import type { SmsSender } from "laba"
import { connect } from "laba/client"
import { type LabaHere, labaHere } from "./channels/laba-here.ts"
import { alarms, deploys } from "./channels/names.ts"
import type { Outlet } from "./channels/post.ts"
import { Recent } from "./channels/recent.ts"
import type { Deploy } from "./hosts/deploy.ts"
import { Fleet } from "./hosts/fleet.ts"
import { Heart } from "./hosts/heart.ts"
import type { AlarmShown, Desk } from "./http/desk.ts"
import { Mailbox } from "./mail/mailbox.ts"
import { PaymentService } from "./payments/payment-service.ts"
import { startServer } from "./server.ts"
import type { MailSettings } from "./settings.ts"
import { LocalPhone } from "./sms/local-phone.ts"
import { mailTelling } from "./subscribers/mail.ts"
import { Roster } from "./subscribers/roster.ts"
import { smsTelling } from "./subscribers/sms.ts"

export interface DemoOptions {
  readonly host: string
  readonly port: number
  /** Null: 8094, or any free one. */
  readonly labaPort: number | null
  readonly everySeconds: number
  readonly silentSeconds: number
  /** Null: a mailbox of its own. */
  readonly mail: MailSettings | null
  /** Null: a phone of its own. */
  readonly sms: SmsSender | null
  readonly log?: (line: string) => void
}

export interface Demo {
  readonly url: string
  readonly labaUrl: string
  /** What the pages use, for who drives the demo by hand. */
  readonly desk: Desk
  close(): Promise<void>
}

const nodes = ["web-1", "web-2", "web-3"]
const logServer = "log-1"

export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { host, everySeconds, silentSeconds, log = (line: string) => console.error(line) } = options
  const mailbox = options.mail === null ? await Mailbox.open(log) : null
  const mail = options.mail ?? {
    smtp: (mailbox as Mailbox).smtp,
    from: "Laba <alerts@laba.invalid>",
    to: "team@laba.invalid",
  }
  const { laba, key }: LabaHere = await labaHere({
    host,
    port: options.labaPort,
    heart: { host: logServer, everySeconds, silentSeconds },
    mail,
  })
  const outlet: Outlet = { labaUrl: reachable(laba.url), key }
  if (mailbox) mailbox.outlet = outlet
  const localPhone = options.sms === null ? new LocalPhone(outlet) : null
  const listening = connect(outlet.labaUrl)
  const desk: Desk = {
    labaPort: laba.port,
    payments: new PaymentService(outlet),
    roster: new Roster(
      outlet,
      { mail: mailTelling(mail), sms: smsTelling(options.sms ?? (localPhone as LocalPhone)) },
      log,
    ),
    mailbox,
    phone: localPhone,
    fleet: new Fleet(outlet, nodes, log),
    deploys: new Recent<Deploy>(listening.channel(deploys)),
    alarms: new Recent<AlarmShown>(listening.channel(alarms)),
    heart: new Heart(outlet, { host: logServer, everySeconds, silentSeconds }),
  }
  const server = startServer({ desk, host, port: options.port, log })
  await Promise.all([
    desk.deploys.ready(),
    desk.alarms.ready(),
    desk.roster.add("mail"),
    desk.roster.add("sms"),
  ])
  for (const node of nodes) await desk.fleet.start(node)
  desk.heart.revive()
  return {
    url: server.url,
    labaUrl: laba.url,
    desk,
    async close() {
      await server.close()
      await desk.roster.close()
      await Promise.all([desk.fleet.close(), desk.heart.kill()])
      listening.close()
      await mailbox?.close()
      await laba.close()
    },
  }
}

/** An address that listens everywhere is reached on this machine. */
const reachable = (url: string): string =>
  url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
