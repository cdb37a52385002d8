// The list of commands, in the order help shows them.
import { check } from "./check/check.ts"
import type { Command } from "./command.ts"
import { forward } from "./reactions/forward.ts"
import { functions } from "./functions/functions.ts"
import { ingest } from "./ingest/ingest.ts"
import { key } from "./credentials/key.ts"
import { on } from "./reactions/on.ts"
import { publish } from "./channels/publish.ts"
import { serve } from "./serve/serve.ts"
import { subscribe } from "./channels/subscribe.ts"
import { token } from "./credentials/token.ts"
import { version } from "./version.ts"
import { watch } from "./silence/watch.ts"

export const commands: readonly Command[] = [
  serve,
  publish,
  subscribe,
  on,
  forward,
  watch,
  functions,
  ingest,
  key,
  token,
  check,
  version,
]
