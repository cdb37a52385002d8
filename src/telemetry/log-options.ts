// What can be chosen about the log. Without the log itself, so that reading a configuration loads no logger.

/** From the gravest on; each takes in those before it. */
export const logLevels = ["silent", "error", "warn", "info", "debug"] as const
export type LogLevel = (typeof logLevels)[number]

export const logFormats = ["json", "pretty"] as const
export type LogFormat = (typeof logFormats)[number]
