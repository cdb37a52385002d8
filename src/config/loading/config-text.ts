// Reads the text of a config file, YAML 1.2 or JSON. Whether the keys in it are right is for `parseConfig` to say.
import { LineCounter, parseDocument } from "yaml"
import type { ConfigInput } from "../config.ts"
import { ConfigError } from "../config-error.ts"

/**
 * Reads a config file's text; a name that ends in `.json` must hold JSON. An empty file is an empty configuration.
 * Throws `ConfigError` with file, line and column: for bad syntax, for a key that is there twice, and for what is no object.
 */
export function readConfigText(text: string, fileName: string): ConfigInput {
  const lines = new LineCounter()
  const document = parse(text, fileName, lines)
  // An unknown tag is only a warning to the parser; here it is a value that nobody would read as it is written.
  const wrong = [...document.errors, ...document.warnings].map(({ code, message, pos }) => {
    const { line, col } = lines.linePos(pos[0])
    const what = code === "MULTIPLE_DOCS" ? "a second document begins here; a config file is one" : message
    return { path: [], message: `${fileName}:${line}:${col}: ${what}` }
  })
  if (wrong.length > 0) throw new ConfigError(wrong)
  const value =
    fileName.endsWith(".json") && text.trim() !== "" ? parseJson(text, fileName) : toValue(document, fileName)
  if (typeof value === "object" && !Array.isArray(value)) return (value ?? {}) as ConfigInput
  throw problem(`${fileName}:1:1: must hold an object, such as \`listen: { port: 8080 }\``)
}

/** YAML 1.2 holds JSON, and says where it is wrong. */
function parse(text: string, fileName: string, lineCounter: LineCounter): ReturnType<typeof parseDocument> {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, stringKeys: true })
  } catch (cause) {
    // The parser calls itself for each level; some thousands are too many for the stack, and nobody means them.
    if (cause instanceof RangeError) throw problem(`${fileName}: is nested too deeply`, cause)
    throw cause
  }
}

function toValue(document: ReturnType<typeof parseDocument>, fileName: string): unknown {
  try {
    // Throws when few aliases stand for very many values.
    return document.toJS()
  } catch (cause) {
    throw problem(`${fileName}: ${(cause as Error).message}`, cause)
  }
}

function parseJson(text: string, fileName: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw problem(`${fileName}: not JSON: ${(cause as Error).message}`, cause)
  }
}

const problem = (message: string, cause?: unknown): ConfigError =>
  new ConfigError([{ path: [], message }], cause === undefined ? undefined : { cause })
