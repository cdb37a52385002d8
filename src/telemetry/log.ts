// The log of a node: levels, fields, one line an event. What is worth a line is said in events.ts; how a line looks, in
// log-line.ts.
import pino from "pino"
import { prettyLine } from "./log-line.ts"
import { printableJson } from "./printable.ts"
import type { LogFormat, LogLevel } from "./log-options.ts"
import { redactSecrets } from "./redact-secrets.ts"

/** Fields of a line. `error` prints with its stack. */
export type LogFields = Readonly<Record<string, unknown>> & { readonly event: string }

/** What events write to. */
export interface Log {
  /** Whether lines of this level are written: what they hold need not be made otherwise. */
  writes(level: Exclude<LogLevel, "silent">): boolean
  write(level: Exclude<LogLevel, "silent">, fields: LogFields, message: string): void
}

interface LogOptions {
  readonly level: LogLevel
  readonly format: LogFormat
  /** Takes a line, its end included. */
  readonly to: (line: string) => void
}

/** Characters of one text in a line. A longer one is cut: a request must not fill the disk. */
const textCharsMax = 2000

export function makeLog({ level, format, to }: LogOptions): Log {
  const logger = pino(
    {
      level,
      // Neither process id nor host: whoever collects the lines knows where they come from.
      base: null,
      messageKey: "message",
      errorKey: "error",
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
    },
    {
      write(line: string): void {
        const told = redactSecrets(line)
        to(format === "json" ? printableJson(told) : prettyLine(told))
      },
    },
  )
  return {
    writes: (asked) => logger.isLevelEnabled(asked),
    write: (asked, fields, message) => logger[asked](cut(fields), message),
  }
}

function cut(fields: LogFields): LogFields {
  const entries = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === "string" && value.length > textCharsMax ? `${value.slice(0, textCharsMax)}…` : value,
  ])
  return Object.fromEntries(entries) as LogFields
}
