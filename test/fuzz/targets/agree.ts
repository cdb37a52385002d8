// What the checks of parsers are made of: what may be thrown, and what must be equal.
import { isDeepStrictEqual } from "node:util"
import { LabaError } from "../../../wire/error.ts"

/** What a parser answers, or null when it refuses with its own error. Whatever else it throws goes on up. */
export function orRefusal<T>(parse: () => T, isRefusal = isLabaError): T | null {
  try {
    return parse()
  } catch (error) {
    if (isRefusal(error)) return null
    throw error
  }
}

/** `internal` is what is said when nobody knows better, so no parser may. */
export const isLabaError = (error: unknown): boolean =>
  error instanceof LabaError && error.code !== "internal" && error.status < 500

/** Throws unless both are the same through and through. */
export function agree(what: string, found: unknown, wanted: unknown): void {
  if (!isDeepStrictEqual(found, wanted))
    throw new Error(`${what}: ${brief(found)} instead of ${brief(wanted)}`)
}

/** Throws unless it is so. */
export function hold(what: string, isSo: boolean): void {
  if (!isSo) throw new Error(what)
}

const brief = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 200)

export const utf8 = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1")
