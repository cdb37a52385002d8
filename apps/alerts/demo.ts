// Puts the demo together: a mailbox, a Laba, the payment service, the subscribers, the nodes, the log server, the pages.
import { join } from "node:path"
import type { Alarm, ReactOptions, SmsSender } from "laba"
import { connect } from "laba/client"
import { startAppServer } from "../kit/http/app-server.ts"
import type { GuardOptions } from "../kit/http/guard.ts"
import { pageAnswer } from "../kit/http/page-files.ts"
import { onThisMachine } from "../kit/http/reachable-url.ts"
import type { LabaAccess } from "../kit/laba/laba-calls.ts"
import { alarms, deploys, mailbox as mailboxChannel, payments, phone } from "./channels/names.ts"
import { type OwnLaba, startOwnLaba } from "./channels/own-laba.ts"
import { RecentMessages } from "./channels/recent-messages.ts"
import type { Deploy } from "./hosts/deploy.ts"
import { HeartbeatProcess } from "./hosts/heartbeat-process.ts"
import { NodeProcesses } from "./hosts/node-processes.ts"
import type { Alerts } from "./http/alerts.ts"
import { pages } from "./http/pages.ts"
import { labaFor, routes } from "./http/routes.ts"
import { type Mail, Mailbox } from "./mail/mailbox.ts"
import { PaymentService } from "./payments/payment-service.ts"
import type { Payment } from "./payments/payment.ts"
import type { MailSettings } from "./mail-and-sms-settings.ts"
import { LocalPhone, type TextMessage } from "./sms/local-phone.ts"
import { Store } from "./store.ts"
import { notifyByMail } from "./subscribers/mail.ts"
import { notifyBySms } from "./subscribers/sms.ts"
import { Subscribers } from "./subscribers/subscribers.ts"

export interface DemoOptions extends GuardOptions {
  /** Where the store, places and what Laba keeps are: started with the same again, it goes on where it was. */
  readonly data: string
  readonly port: number
  readonly labaPort: number
  /** Where pages find Laba, behind a proxy. */
  readonly publicLaba?: string | undefined
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
  readonly alerts: Alerts
  close(): Promise<void>
}

/** An order is a few hundred bytes. */
const bodyBytesMax = 16 * 1024

const nodeNames = ["web-1", "web-2", "web-3"]
const logServer = "log-1"

export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { data, host, everySeconds, silentSeconds, log = (line: string) => console.error(line) } = options
  const mailbox = options.mail === null ? await Mailbox.open(log) : null
  const mail = options.mail ?? {
    smtp: (mailbox as Mailbox).smtp,
    from: "Laba <alerts@laba.invalid>",
    to: "team@laba.invalid",
  }
  const { laba, key, listenToken }: OwnLaba = await startOwnLaba({
    data,
    host,
    port: options.labaPort,
    heart: { host: logServer, everySeconds, silentSeconds },
    mail,
  })
  const access: LabaAccess = { url: onThisMachine(laba.url), key }
  if (mailbox) mailbox.access = access
  const store = new Store(data)
  const listening = connect(access.url, { token: listenToken })
  const alerts: Alerts = {
    labaUrl: options.publicLaba?.replace(/\/+$/, "") ?? access.url,
    listenToken,
    payments: new PaymentService(access, store),
    paid: await RecentMessages.of<Payment>(listening, access, payments),
    subscribers: new Subscribers({
      access,
      listenToken,
      store,
      folder: join(data, "subscribers"),
      notifiers: { mail: notifyByMail(mail), sms: notifyBySms(options.sms ?? new LocalPhone(access)) },
      log,
      clock: options.clock,
    }),
    letters: mailbox && (await RecentMessages.of<Mail>(listening, access, mailboxChannel)),
    texts: options.sms === null ? await RecentMessages.of<TextMessage>(listening, access, phone) : null,
    nodes: new NodeProcesses(access, nodeNames, log),
    deploys: await RecentMessages.of<Deploy>(listening, access, deploys),
    alarms: await RecentMessages.of<Alarm>(listening, access, alarms),
    heartbeat: new HeartbeatProcess(access, { host: logServer, everySeconds, silentSeconds }),
  }
  const server = startAppServer({
    ...options,
    name: "alerts",
    bodyBytesMax,
    routes,
    pageAt: (path) => pageAnswer(pages, path, (request) => labaFor(alerts, request)),
    context: () => alerts,
    log,
  })
  await alerts.subscribers.begin()
  for (const node of nodeNames) await alerts.nodes.start(node)
  alerts.heartbeat.revive()
  return {
    url: server.url,
    labaUrl: laba.url,
    alerts,
    async close() {
      await server.stop(true)
      await alerts.subscribers.close()
      await Promise.all([alerts.nodes.close(), alerts.heartbeat.kill()])
      listening.close()
      await mailbox?.close()
      await laba.close()
      store.close()
    },
  }
}
