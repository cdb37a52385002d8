// Names of channels and of users: which channel shows whose results, and who can be a user.

/** The channel of a user's results in a sale. The user is part of the name, so it is spelled as a part of a path. */
export const resultChannel = (user: string, sale: string): string =>
  `/@${encodeURIComponent(user)}/sales/${sale}`

/** The channel of what everybody may know: queue, stock, sold out. */
export const saleChannel = (sale: string): string => `/sales/${sale}`

/** Who can be a user: text that names a channel in one way only. `me` is what Laba calls whoever asks. */
export const isUserName = (text: string): boolean =>
  text !== "me" &&
  /^[^%/\\?#\s\p{Cc}]{1,64}$/u.test(text) &&
  text.isWellFormed() &&
  encodeURIComponent(text).length <= 150
