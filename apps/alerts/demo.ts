// Puts the demo together: a mailbox, a Laba, the payment service, the subscribers, the nodes, the log server, the pages.
import { join } from "node:path"
import type { ReactOptions, SmsSender } from "laba"
import { connect } from "laba/client"
import { Books } from "./books.ts"
import { type LabaHere, labaHere } from "./channels/laba-here.ts"
import { alarms, deploys, mailbox as mailboxChannel, payments, phone } from "./channels/names.ts"
import type { Outlet } from "./channels/post.ts"
import { Recent } from "./channels/recent.ts"
import type { Deploy } from "./hosts/deploy.ts"
import { Fleet } from "./hosts/fleet.ts"
import { Heart } from "./hosts/heart.ts"
import type { AlarmShown, Desk } from "./http/desk.ts"
import { type Mail, Mailbox } from "./mail/mailbox.ts"
import type { Payment } from "./payments/payment.ts"
import { PaymentService } from "./payments/payment-service.ts"
import { startServer } from "./server.ts"
import type { MailSettings } from "./settings.ts"
import { LocalPhone, type TextMessage } from "./sms/local-phone.ts"
import { mailTelling } from "./subscribers/mail.ts"
import { Roster } from "./subscribers/roster.ts"
import { smsTelling } from "./subscribers/sms.ts"

export interface DemoOptions {
  /** Where books, places and what Laba keeps are: started with the same again, it goes on where it was. */
  readonly data: string
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
  /** For tests: what subscribers wait by. */
  readonly clock?: ReactOptions["clock"]
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
  const { data, host, everySeconds, silentSeconds, log = (line: string) => console.error(line) } = options
  const mailbox = options.mail === null ? await Mailbox.open(log) : null
  const mail = options.mail ?? {
    smtp: (mailbox as Mailbox).smtp,
    from: "Laba <alerts@laba.invalid>",
    to: "team@laba.invalid",
  }
  const { laba, key, listenToken }: LabaHere = await labaHere({
    data,
    host,
    port: options.labaPort,
    heart: { host: logServer, everySeconds, silentSeconds },
    mail,
  })
  const outlet: Outlet = { labaUrl: reachable(laba.url), key }
  if (mailbox) mailbox.outlet = outlet
  const books = new Books(data)
  const listening = connect(outlet.labaUrl, { token: listenToken })
  const desk: Desk = {
    labaPort: laba.port,
    listenToken,
    payments: new PaymentService(outlet, books),
    paid: await Recent.of<Payment>(listening, outlet, payments),
    roster: new Roster({
      outlet,
      listenToken,
      books,
      folder: join(data, "subscribers"),
      tellings: { mail: mailTelling(mail), sms: smsTelling(options.sms ?? new LocalPhone(outlet)) },
      log,
      clock: options.clock,
    }),
    letters: mailbox && (await Recent.of<Mail>(listening, outlet, mailboxChannel)),
    texts: options.sms === null ? await Recent.of<TextMessage>(listening, outlet, phone) : null,
    fleet: new Fleet(outlet, nodes, log),
    deploys: await Recent.of<Deploy>(listening, outlet, deploys),
    alarms: await Recent.of<AlarmShown>(listening, outlet, alarms),
    heart: new Heart(outlet, { host: logServer, everySeconds, silentSeconds }),
  }
  const server = startServer({ desk, host, port: options.port, log })
  await desk.roster.begin()
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
      books.close()
    },
  }
}

/** An address that listens everywhere is reached on this machine. */
const reachable = (url: string): string =>
  url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
