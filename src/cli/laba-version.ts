// The version of this package, read from package.json, so that it stands in one place.
import manifest from "../../package.json" with { type: "json" }

/** For example `0.1.0`. */
export const labaVersion = (): string => manifest.version
