// The contract of what reaches people: Laba, over HTTP. The desk holds no socket; this is all that it can do to one.

export interface Loudspeaker {
  /** Where clients listen. */
  readonly url: string
  /** Publishes records, each to its channel. Rejects when one of them could not be: then all are told again. */
  publish(messages: readonly Announcement[]): Promise<void>
  /** Sends a text to one connection alone. False: it is gone. */
  send(connection: string, text: string): Promise<boolean>
  isOpen(connection: string): Promise<boolean>
}

export interface Announcement {
  readonly channel: string
  /** JSON. */
  readonly data: unknown
  /** The same key is published once, so that telling again does not tell twice. */
  readonly key: string
}

/** Everybody's: which shops are open. */
export const shopsChannel = "/shops"

/** A shop's own: its bills, whole, at each change. */
export const kitchenChannel = (shop: string): string => `/@${shop}/kitchen/bills`

/** Where a kitchen speaks: what is sent there is heard by our function and by nobody else. */
export const deskChannel = (shop: string): string => `/@${shop}/kitchen/desk`

/** A customer's own: their bills. */
export const customerChannel = (customer: string): string => `/@${customer}/bills`
