// The config file, as YAML and as JSON: whatever is in it, all that is thrown is a `ConfigError` that names what is wrong.
import { ConfigError, parseConfig } from "../../../src/config/config.ts"
import { readConfigText } from "../../../src/config/loading/config-text.ts"
import type { ParserTarget } from "../target.ts"
import { hold, utf8 } from "./agree.ts"

const keys = [
  "listen",
  "host",
  "port",
  "engine",
  "memory",
  "channels",
  "history",
  "none",
  "count",
  "bytes",
  "time",
  "slow",
  "latest",
  "limits",
  "messageBytesMax",
  "keys",
  "sha256",
  "tokens",
  "secret",
  "jwks",
  "origins",
  "proxies",
  "open",
  "publish",
  "token",
  "owner",
  "nobody",
]

function target(name: string, fileName: string, signs: readonly string[]): ParserTarget {
  return {
    kind: "parser",
    name,
    words: [
      ...keys,
      ...signs,
      "64KB",
      "25s",
      "-1",
      "1e999",
      "NaN",
      "null",
      "true",
      '"/**"',
      '"/@*/*"',
      "__proto__",
      "10.0.0.0/8",
      "https://a.example",
    ],
    check(input) {
      try {
        parseConfig(readConfigText(utf8(input), fileName))
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        hold("a ConfigError names a problem", error.problems.length > 0 && error.message !== "")
      }
    },
    // No `work`, on purpose: a config file is its owner's own, so what it costs is no attack.
  }
}

export const configYaml = target("config-yaml", "laba.yaml", [
  ": ",
  "- ",
  "\n",
  "\n  ",
  "\n    ",
  "&a ",
  "*a",
  "<<: ",
  "|",
  ">",
  "{",
  "}",
  "[",
  "]",
  "#",
  "!!binary ",
  "? ",
  "---\n",
  "...",
  "%YAML 1.1",
  "\t",
  "'",
  '"',
])
export const configJson = target("config-json", "laba.json", [
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  '"',
  "\\u0000",
  "\\ud800",
  "//",
  "/*",
])
