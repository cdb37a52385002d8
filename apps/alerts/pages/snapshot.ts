// How things stand, as a page is told once; what comes after it hears over Laba.
import type { Alarm } from "laba"
import type { Deploy } from "../hosts/deploy.ts"
import type { NodeState } from "../hosts/node-processes.ts"
import type { Mail } from "../mail/mailbox.ts"
import type { Payment, Plan } from "../payments/payment.ts"
import type { TextMessage } from "../sms/local-phone.ts"
import type { SubscriberState } from "../subscribers/subscribers.ts"

/** What a page shows before it hears anything. The newest first in each list. */
export interface Snapshot {
  /** Where the page that asks finds Laba. */
  readonly laba: string
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
  readonly alarms: readonly Alarm[]
}
