// The list of commands, in the order help shows them.
import { check } from "./check.ts"
import type { Command } from "./command.ts"
import { forward } from "./forward.ts"
import { functions } from "./functions.ts"
import { key } from "./key.ts"
import { on } from "./on.ts"
import { publish } from "./publish.ts"
import { serve } from "./serve.ts"
import { subscribe } from "./subscribe.ts"
import { token } from "./token.ts"
import { version } from "./version.ts"
import { watch } from "./watch.ts"

export const commands: readonly Command[] = [
  serve,
  publish,
  subscribe,
  on,
  forward,
  watch,
  functions,
  key,
  token,
  check,
  version,
]
