// What a server says when it refuses, in one line for the terminal.
import type { Problem } from "../../../wire/error.ts"
import { CommandError } from "../command.ts"

/** `bad_channel: …` from a problem body; the status and text from anything else, for example a proxy's page. */
export async function refusalOf(response: Response): Promise<string> {
  const text = await response.text().catch(() => "")
  const problem = problemIn(text)
  if (problem) return `${problem.code}: ${problem.detail}`
  const firstLine = text.trim().split("\n", 1)[0] ?? ""
  return `the server answered ${response.status} ${response.statusText}${firstLine ? `: ${firstLine.slice(0, 200)}` : ""}`
}

function problemIn(text: string): Problem | null {
  try {
    const body: unknown = JSON.parse(text)
    const isProblem = typeof body === "object" && body !== null && "code" in body && "detail" in body
    return isProblem ? (body as Problem) : null
  } catch {
    return null
  }
}

/** `fetch`, but a server that cannot be reached is one plain line that names it. */
export async function fetchFrom(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new CommandError(`cannot reach ${new URL(url).origin}: ${reasonOf(error)}`, { cause: error })
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : ""
  if (code === "ConnectionRefused" || code === "ECONNREFUSED")
    return "nothing listens there; is `laba serve` running?"
  return error instanceof Error ? error.message : String(error)
}
