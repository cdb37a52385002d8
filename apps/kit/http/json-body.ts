// Reads bodies. How long one may be is the server's to say, which turns away what is longer.
import { Problem } from "./problem.ts"

/** A text as JSON. Throws a `Problem` when it is none. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new Problem(400, "bad_json", "The body is no JSON.")
  }
}

/** A JSON object; any other JSON is one without members. Rejects with a `Problem` when it is no JSON. */
export async function readJsonObject(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const body = readJson(await request.text())
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {}
}
