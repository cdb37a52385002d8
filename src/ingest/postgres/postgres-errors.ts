// What an error of PostgreSQL says, in one sentence for people, without a secret.

/** What the server answers, by its SQLSTATE, where people can do something about it. */
const answers: Readonly<Record<string, string>> = {
  "28P01": "it refuses the user or the password",
  "28000": "it refuses the user, or wants TLS",
  "3D000": "there is no such database",
  "42501": "the user may not read, change or delete there",
  "53300": "it has too many connections",
  "57P01": "it is going away",
  "57P03": "it is starting",
}

export function postgresSentence(error: unknown): string {
  const { code, message } = (error instanceof Error ? error : new Error(String(error))) as Error & {
    readonly code?: string
  }
  const answer = code === undefined ? undefined : answers[code]
  return `PostgreSQL: ${(answer ?? message).replace(/\.$/, "")}.`
}
