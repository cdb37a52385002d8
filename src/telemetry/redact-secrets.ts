// Redacts what must never stand in a log, told by its shape: whatever a line is made of, paths and the texts of errors included, no id
// that is all it takes to speak for a connection, and no credential, leaves by it.

/** Everything but the tag of a connection's id: its node and its number are worth reading, and open nothing. */
const connectionId = /(?<![\w-])([0-9a-z]{6}-[0-9a-z]{1,9}-)[\w-]{16}(?![\w-])/g
/** A JWT begins with the base64 of `{"`. */
const token = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g
const key = /\b(laba_[\w.~-]*_)[\w-]{43}(?![\w-])/g
/** `redis://user:password@host` */
const userInfo = /(:\/\/)[^/@\s"\\]+@/g

/** A line without them. */
export const redactSecrets = (line: string): string =>
  line.replace(connectionId, "$1…").replace(token, "eyJ…").replace(key, "$1…").replace(userInfo, "$1…@")
