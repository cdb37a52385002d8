// What the endpoints work with. They know this and nothing behind it.
import type { Alarm } from "laba"
import type { Endpoint as EndpointOf } from "../../kit/http/app-request.ts"
import type { RecentMessages } from "../channels/recent-messages.ts"
import type { Deploy } from "../hosts/deploy.ts"
import type { HeartbeatProcess } from "../hosts/heartbeat-process.ts"
import type { NodeProcesses } from "../hosts/node-processes.ts"
import type { Mail } from "../mail/mailbox.ts"
import type { PaymentService } from "../payments/payment-service.ts"
import type { Payment } from "../payments/payment.ts"
import type { TextMessage } from "../sms/local-phone.ts"
import type { Subscribers } from "../subscribers/subscribers.ts"

export interface Alerts {
  /** Where our Laba is found on this machine. */
  readonly labaUrl: string
  /** A token for a page to listen with. */
  readonly listenToken: () => string
  readonly payments: PaymentService
  /** What was published of them. */
  readonly paid: RecentMessages<Payment>
  readonly subscribers: Subscribers
  /** Null when letters go to a mail server elsewhere. */
  readonly letters: RecentMessages<Mail> | null
  /** Null when messages go to a real provider. */
  readonly texts: RecentMessages<TextMessage> | null
  readonly nodes: NodeProcesses
  readonly deploys: RecentMessages<Deploy>
  readonly alarms: RecentMessages<Alarm>
  readonly heartbeat: HeartbeatProcess
}

export type Endpoint = EndpointOf<Alerts>
