// The channels at Laba, and whose each is.

/** Everybody's: which shops are open. */
export const shopsChannel = "/shops"

/** A shop's own: its bills, whole, at each change. */
export const kitchenChannel = (shop: string): string => `/@${shop}/kitchen/bills`

/** Where a kitchen speaks: what is sent there is heard by our function and by nobody else. */
export const deskChannel = (shop: string): string => `/@${shop}/kitchen/desk`

/** A customer's own: their bills. */
export const customerChannel = (customer: string): string => `/@${customer}/bills`
