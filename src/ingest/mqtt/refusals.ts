// What a broker's codes say, for people: why it lets nobody in, ends a connection, or refuses a subscription.

/** Each completes the sentence "MQTT at … ". */
const ofVersion4: ReadonlyMap<number, string> = new Map([
  [1, "does not speak MQTT 3.1.1"],
  [2, "refuses this client id"],
  [3, "is not available"],
  [4, "refuses this user or password"],
  [5, "refuses this user or password, or what they may do"],
])

const ofVersion5: ReadonlyMap<number, string> = new Map([
  [1, "does not speak MQTT 5; set `version: 3.1.1`"],
  [129, "says that our packet is malformed"],
  [130, "says that we break the protocol"],
  [131, "refuses, for reasons of its own"],
  [132, "does not speak MQTT 5; set `version: 3.1.1`"],
  [133, "refuses this client id"],
  [134, "refuses this user or password"],
  [135, "does not allow this user what is needed"],
  [136, "is not available"],
  [137, "is busy"],
  [138, "has banned us"],
  [139, "is shutting down"],
  [141, "has heard nothing from us for too long"],
  [142, "has given our session to another client: each needs a client id of its own"],
  [143, "says that a topic filter is none"],
  [147, "says that we take more than we acknowledge"],
  [149, "says that a packet is too large"],
  [151, "has no room left for us (quota)"],
  [152, "has ended the connection, as its operator told it to"],
  [156, "wants us to use another server"],
  [157, "has moved to another server"],
  [158, "has no shared subscriptions"],
  [159, "takes no more connections that fast"],
  [161, "has no subscription identifiers"],
  [162, "has no wildcards in subscriptions"],
])

/** Null: it is no refusal. */
export function refusalOf(version: 4 | 5, code: number): string | null {
  if (code === 0) return null
  const known = (version === 5 ? ofVersion5 : ofVersion4).get(code)
  return known ?? `refuses (code ${code})`
}
