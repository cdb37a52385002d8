// A Lua script of Redis: a name for error texts, its source, and the digest it is called by.
import { createHash } from "node:crypto"

/** For scripts that judge time: `now`, by Redis' clock, in milliseconds since 1970. Nodes' clocks differ. */
export const redisClock = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

export interface Script {
  readonly name: string
  readonly lua: string
  /** What `EVALSHA` knows it by. */
  readonly sha: string
}

/** Makes a script from its source, with what it shares with others in front. A first line `#!lua flags=…` stays the first. */
export function defineScript(name: string, lua: string, shared = ""): Script {
  const [, shebang = "", body = lua] = /^(#!lua[^\n]*\n)([^]*)$/.exec(lua) ?? []
  const source = `${shebang}${shared}${shared && "\n"}${body}`
  return { name, lua: source, sha: createHash("sha1").update(source).digest("hex") }
}
