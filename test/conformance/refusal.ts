// A request that must be refused, and what it was answered, whichever client sent it.
import type { Code } from "../../wire/codes.ts"
import { askRaw } from "../support/raw-tcp.ts"
import type { Scene } from "./case.ts"

/** What was answered, read from a fetch or from TCP alike. */
interface Refusal {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

export interface BadInput {
  /** Ends the sentence "refuses …". */
  readonly name: string
  readonly status: number
  readonly code: Code
  send(scene: Scene): Promise<Refusal>
}

export async function refusalOf(response: Response | Promise<Response>): Promise<Refusal> {
  const { status, headers } = await response
  return { status, contentType: headers.get("content-type") ?? "", body: await (await response).text() }
}

/** The same over TCP, for what fetch would tidy up before sending. */
export async function rawRefusal(
  base: string,
  line: string,
  headers: readonly string[] = [],
  body = "",
): Promise<Refusal> {
  const answer = await askRaw(base, { line, headers: [...headers, "Connection: close"], body })
  if (!answer) throw new Error(`closed without an answer to ${line}`)
  return { status: answer.status, contentType: answer.headers.get("content-type") ?? "", body: answer.body }
}
