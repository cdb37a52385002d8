// Lays one configuration over another. Knows no keys.
import type { ConfigInput } from "../config.ts"

/** What `over` says, and what `under` says where `over` is silent. Neither is changed. Flags go over the environment, that over the file. */
export function mergeConfig(under: ConfigInput, over: ConfigInput): ConfigInput {
  return merge(under, over) as ConfigInput
}

function merge(under: unknown, over: unknown): unknown {
  if (over === undefined) return under
  if (!isObject(over)) return over
  // Something else than an object is wrong here, and must not be hidden by what lies over it.
  if (!isObject(under)) return under === undefined ? over : under
  const merged = Object.entries(over).map(([key, value]) => [
    key,
    merge(Object.hasOwn(under, key) ? under[key] : undefined, value),
  ])
  return { ...under, ...Object.fromEntries(merged) }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
