// Whether a text is a pattern of channels.
import { LabaError } from "../../../wire/error.ts"
import { parsePattern } from "../../channels/pattern.ts"

/** Why it is none; null when it is one. */
export function patternProblem(text: string): string | null {
  try {
    parsePattern(text)
    return null
  } catch (error) {
    if (error instanceof LabaError) return error.detail
    throw error
  }
}

/** Its one spelling; what is no pattern as it stands, since that is told elsewhere. */
export const patternText = (text: string): string =>
  patternProblem(text) === null ? parsePattern(text).text : text
