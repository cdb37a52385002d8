// The channels of the demo. Whoever publishes knows one of them, and nobody who listens.

export const payments = "/payments"
export const deploys = "/deploys"
export const alarms = "/alarms"
/** What arrived in the mailbox and on the phone that the demo brings along. */
export const mailbox = "/mailbox"
export const phone = "/phone"
/** Who is subscribed to payments right now. */
export const subscribersChannel = "/subscribers"
export const heartbeatOf = (host: string): string => `/hosts/${host}/heartbeat`
