// What the pages can look at and do. The HTTP endpoints know this and nothing behind it.
import type { Alarm } from "laba"
import type { Recent } from "../channels/recent.ts"
import type { Deploy } from "../hosts/deploy.ts"
import type { Fleet, NodeState } from "../hosts/fleet.ts"
import type { Heart } from "../hosts/heart.ts"
import type { Mail } from "../mail/mailbox.ts"
import type { Payment, Plan } from "../payments/payment.ts"
import type { PaymentService } from "../payments/payment-service.ts"
import type { TextMessage } from "../sms/local-phone.ts"
import type { Roster, SubscriberState } from "../subscribers/roster.ts"

export type AlarmShown = Alarm

export interface Desk {
  readonly labaPort: number
  /** A token for a page to listen with. */
  readonly listenToken: () => string
  readonly payments: PaymentService
  /** What was published of them. */
  readonly paid: Recent<Payment>
  readonly roster: Roster
  /** Null when letters go to a mail server elsewhere. */
  readonly letters: Recent<Mail> | null
  /** Null when messages go to a real provider. */
  readonly texts: Recent<TextMessage> | null
  readonly fleet: Fleet
  readonly deploys: Recent<Deploy>
  readonly alarms: Recent<AlarmShown>
  readonly heart: Heart
}

/** What a page shows before it hears anything. The newest first in each list. */
export interface Snapshot {
  readonly labaPort: number
  readonly plans: readonly Plan[]
  /** Null before the first. */
  readonly lastPayment: Payment | null
  readonly subscribers: readonly SubscriberState[]
  /** Null: not shown here. */
  readonly letters: readonly Mail[] | null
  readonly texts: readonly TextMessage[] | null
  readonly nodes: readonly NodeState[]
  readonly deploys: readonly Deploy[]
  readonly heart: {
    readonly host: string
    readonly everySeconds: number
    readonly silentSeconds: number
    readonly isAlive: boolean
  }
  readonly alarms: readonly AlarmShown[]
}
