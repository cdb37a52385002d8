// Publishes over HTTP and reads the answer. Knows the answer's shape, not what it should say.
import type { Problem } from "../../wire/error.ts"

export interface PublishAnswer {
  readonly channel: string
  readonly cursor: string
  readonly id: string
  readonly duplicate: boolean
  readonly listeners: number
  readonly history: "kept" | "none"
}

interface PublishOptions {
  readonly type?: string
  readonly key?: string
}

/** Posts a raw body. Text unless `type` says otherwise. */
export function post(url: string, body: BodyInit, options: PublishOptions = {}): Promise<Response> {
  const headers: Record<string, string> = { "content-type": options.type ?? "text/plain; charset=utf-8" }
  if (options.key !== undefined) headers["idempotency-key"] = options.key
  return fetch(url, { method: "POST", headers, body })
}

/** Posts, and fails unless it was published. */
export async function publish(
  url: string,
  body: BodyInit,
  options: PublishOptions = {},
): Promise<PublishAnswer> {
  const response = await post(url, body, options)
  if (response.status !== 201 && response.status !== 200) {
    throw new Error(`${response.status} to a publish at ${url}: ${await response.text()}`)
  }
  return (await response.json()) as PublishAnswer
}

/** Publishes texts one after another. */
export async function publishAll(url: string, texts: readonly string[]): Promise<PublishAnswer[]> {
  const answers: PublishAnswer[] = []
  for (const text of texts) answers.push(await publish(url, text))
  return answers
}

/** `["1", "2", …]`, `count` of them, from `first`. */
export const numbers = (count: number, first = 1): string[] =>
  Array.from({ length: count }, (_, index) => String(first + index))

/** The problem of a refused request, with its status checked against the body's own. */
export async function problemIn(response: Response): Promise<Problem> {
  const type = response.headers.get("content-type") ?? ""
  const text = await response.text()
  if (!type.startsWith("application/problem+json"))
    throw new Error(`${response.status} ${type}, not a problem: ${text}`)
  const problem = JSON.parse(text) as Problem
  if (problem.status !== response.status)
    throw new Error(`status ${response.status} and the body says ${problem.status}`)
  return problem
}

/** What `HEAD` tells of a channel. */
export async function headOf(
  url: string,
): Promise<{ cursor: string; history: string; length: number; listeners: number }> {
  const { status, headers } = await fetch(url, { method: "HEAD" })
  if (status !== 200) throw new Error(`${status} to HEAD ${url}`)
  return {
    cursor: headers.get("laba-cursor") ?? "",
    history: headers.get("laba-history") ?? "",
    length: Number(headers.get("laba-history-length") ?? Number.NaN),
    listeners: Number(headers.get("laba-listeners") ?? Number.NaN),
  }
}
