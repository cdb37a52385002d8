// What an error of Kafka's client says, in one sentence for people. Knows the client's families of errors; never prints a secret:
// none of them holds one.

interface ClientError extends Error {
  readonly apiId?: string
  readonly code?: string
  readonly errors?: readonly Error[]
}

/** What brokers answer, where people can do something about it. */
const answers: Readonly<Record<string, string>> = {
  SASL_AUTHENTICATION_FAILED: "the broker refuses the user or the password",
  UNSUPPORTED_SASL_MECHANISM: "the broker does not know this SASL mechanism",
  TOPIC_AUTHORIZATION_FAILED: "the user may not read a topic",
  GROUP_AUTHORIZATION_FAILED: "the user may not join the group",
  CLUSTER_AUTHORIZATION_FAILED: "the user may not use the cluster",
  UNKNOWN_TOPIC_OR_PARTITION: "a topic is not there",
  UNKNOWN_TOPIC_ID: "a topic was removed, or made anew",
  COORDINATOR_NOT_AVAILABLE: "the group has no coordinator yet",
  COORDINATOR_LOAD_IN_PROGRESS: "the group's coordinator is starting",
  NOT_COORDINATOR: "the group has moved to another broker",
  INCONSISTENT_GROUP_PROTOCOL:
    "members of the group divide topics in another way, or it is not a group of consumers",
}

/** The errors without others inside, causes last. */
function leavesOf(error: unknown, depth = 0): ClientError[] {
  if (!(error instanceof Error) || depth > 8) return []
  const { errors } = error as ClientError
  if (errors && errors.length > 0) return errors.flatMap((each) => leavesOf(each, depth + 1))
  return error.cause instanceof Error ? [error as ClientError, ...leavesOf(error.cause, depth + 1)] : [error]
}

/** Whether the broker answered this, wherever it stands in the error. */
export const isAnswer = (error: unknown, ...ids: readonly string[]): boolean =>
  leavesOf(error).some(({ apiId }) => apiId !== undefined && ids.includes(apiId))

export function kafkaSentence(error: unknown): string {
  const leaves = leavesOf(error)
  const answer = leaves.find(({ apiId }) => apiId !== undefined && apiId in answers)
  if (answer?.apiId !== undefined) return `Kafka: ${answers[answer.apiId]}.`
  const refused = leaves.find(({ code }) => code === "PLT_KFK_AUTHENTICATION")
  if (refused) return "Kafka: the broker refuses the user or the password, or the mechanism."
  const last = leaves.at(-1)
  return `Kafka: ${(last?.message ?? String(error)).replace(/\.$/, "")}.`
}
