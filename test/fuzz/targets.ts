// Everything that is fuzzed, by name. A new target is a file under targets/, a folder under corpus/ and a word here.
import type { AnyTarget } from "./target.ts"
import { body, contentType, form, multipart, query } from "./targets/bodies.ts"
import { configJson, configYaml } from "./targets/config.ts"
import { compound, cursor } from "./targets/cursors.ts"
import { frame } from "./targets/frames.ts"
import { hookAnswer } from "./targets/hook-answers.ts"
import { http } from "./targets/http.ts"
import { ingestMessage, ingestTemplate } from "./targets/ingest.ts"
import { json } from "./targets/json.ts"
import { channel, pattern } from "./targets/names.ts"
import { proxyHeader } from "./targets/proxy-header.ts"
import { session } from "./targets/session.ts"
import { sockjs } from "./targets/sockjs.ts"
import { stomp } from "./targets/stomp.ts"
import { credential, token } from "./targets/tokens.ts"
import { websocket } from "./targets/websocket.ts"

export const targets: readonly AnyTarget[] = [
  cursor,
  compound,
  channel,
  pattern,
  contentType,
  query,
  form,
  multipart,
  body,
  json,
  frame,
  configYaml,
  configJson,
  token,
  credential,
  hookAnswer,
  ingestTemplate,
  ingestMessage,
  http,
  websocket,
  session,
  stomp,
  sockjs,
  proxyHeader,
]
