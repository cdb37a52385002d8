// The environment variables (`LABA_…`) that lay something over the configuration, and what a misspelled one is told.
import { type ConfigInput, parseConfig } from "../config.ts"
import { ConfigError, type Problem } from "../config-error.ts"
import { mergeConfig } from "./merge-config.ts"
import { nearestWord } from "../nearest-word.ts"

/** Each variable, and the piece of configuration that its text means. What is no port or truth stays text, for the schema to refuse. */
export const environmentVariables: Readonly<Record<string, (text: string) => unknown>> = {
  LABA_HOST: (text) => ({ listen: { host: text } }),
  LABA_PORT: (text) => ({ listen: { port: /^\d{1,9}$/.test(text) ? Number(text) : text } }),
  LABA_ENGINE: (text) => ({ engine: text }),
  LABA_NODE_NAME: (text) => ({ node: { name: text } }),
  LABA_ADVERTISE: (text) => ({ node: { advertise: text } }),
  LABA_TOKEN_SECRET: (text) => ({ tokens: { secret: text } }),
  LABA_OPEN: (text) => ({ open: booleanWords.get(text) ?? text }),
}

/** Of these an empty one is a mistake: without it everybody, or nobody, would come in. */
const secrets: ReadonlySet<string> = new Set(["LABA_TOKEN_SECRET"])

const prefix = "LABA_"

/**
 * What Kubernetes and Docker's links set in LABA_PORT beside a service that is called `laba`: where that service is, and no
 * word of an operator's about this one.
 */
const isServiceLink = (name: string, text: string): boolean =>
  name === "LABA_PORT" && /^(tcp|udp|sctp):\/\//.test(text)

const booleanWords: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["1", true],
  ["false", false],
  ["0", false],
])

/**
 * The environment laid over a configuration. An empty variable counts as not set, unless it is a secret. Throws `ConfigError`
 * that names the variable, and for a name that is a misspelling of one of these: what was meant, such as a secret, would be missing.
 */
export function applyEnvironment(
  config: ConfigInput,
  environment: Readonly<Record<string, string | undefined>>,
): ConfigInput {
  const problems: Problem[] = misspelledVariables(Object.keys(environment))
  let result = config
  for (const [name, read] of Object.entries(environmentVariables)) {
    const text = environment[name]
    if (text === undefined) continue
    if (secrets.has(name) && text.trim() === "") {
      problems.push({ path: [name], message: "is set, but empty: give it a value, or unset it" })
      continue
    }
    if (text === "" || isServiceLink(name, text)) continue
    const piece = read(text)
    try {
      parseConfig(piece)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      problems.push(...error.problems.map(({ message }) => ({ path: [name], message })))
      continue
    }
    result = mergeConfig(result, piece as ConfigInput)
  }
  const filled = fillIngest(result, environment, problems)
  if (problems.length > 0) throw new ConfigError(problems)
  return filled
}

/** A variable in a text of `ingest`, where the passwords of other systems are. */
const variable = /\$\{([A-Z_][A-Z0-9_]*)\}/g

/** The texts of `ingest` with their variables filled in. One that is not set, or empty, is a mistake. */
function fillIngest(
  config: ConfigInput,
  environment: Readonly<Record<string, string | undefined>>,
  problems: Problem[],
): ConfigInput {
  const fill = (value: unknown, path: readonly PropertyKey[]): unknown => {
    if (typeof value === "string")
      return value.replace(variable, (all, name: string) => {
        const text = environment[name]
        if (text !== undefined && text.trim() !== "") return text
        problems.push({ path, message: `needs the environment variable ${name}, which is not set or empty` })
        return all
      })
    if (Array.isArray(value)) return value.map((one, index) => fill(one, [...path, index]))
    if (typeof value !== "object" || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one, [...path, key])]))
  }
  if (config.ingest === undefined) return config
  return { ...config, ingest: fill(config.ingest, ["ingest"]) as NonNullable<ConfigInput["ingest"]> }
}

/** Other programs may have variables of this prefix (`LABA_NGINX`), so only what is one edit away is taken for a misspelling. */
function misspelledVariables(names: readonly string[]): Problem[] {
  const known = Object.keys(environmentVariables).map((name) => name.slice(prefix.length))
  return names
    .filter((name) => name.startsWith(prefix) && !Object.hasOwn(environmentVariables, name))
    .flatMap((name) => {
      const meant = nearestWord(name.slice(prefix.length), known, 1)
      return meant === null
        ? []
        : [{ path: [name], message: `unknown variable, did you mean ${prefix}${meant}?` }]
    })
}
