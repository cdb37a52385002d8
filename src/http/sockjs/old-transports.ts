// JSONP, htmlfile and the iframe: what browsers of before 2012 need. Off unless it is switched on: a script or a frame asks without an Origin, so
// `origins` holds back only pages in browsers that say what caused a request.
import { createHash } from "node:crypto"
import { LabaError } from "../../../wire/error.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { answer, badPayload, noCache, scriptType } from "./answer.ts"
import { nextFrame, openStream } from "./receive.ts"
import { readBody, takeMessages } from "./send.ts"

/** What a callback may be called. Anything else would be script that the asker has written, on our origin. */
const callbackPattern = /^[\w.-]{1,32}$/

/** GET …/jsonp?c=callback: a poll whose answer is a script. */
export async function pollByJsonp(context: ApiContext, request: ApiRequest): Promise<Response> {
  const callback = callbackIn(request)
  if (callback instanceof Response) return callback
  const frame = await nextFrame(context, request)
  return answer(request, `/**/${callback}(${scriptText(frame)});\r\n`, {
    type: scriptType,
    cache: noCache,
    more: { "X-Content-Type-Options": "nosniff" },
  })
}

/** POST …/jsonp_send: messages from a form's field `d`. */
export async function sendByForm(context: ApiContext, request: ApiRequest): Promise<Response> {
  const body = await readBody(context, request)
  const isForm = (request.raw.headers.get("content-type") ?? "").startsWith(
    "application/x-www-form-urlencoded",
  )
  const text = isForm && body !== null ? (new URLSearchParams(body).get("d") ?? "") : body
  return takeMessages(context, request, text, () =>
    answer(request, "ok", { type: "text/plain; charset=UTF-8", cache: noCache }),
  )
}

/** GET …/htmlfile?c=callback: a page that never ends, each frame a script in it. */
export async function openHtmlfile(context: ApiContext, request: ApiRequest): Promise<Response> {
  const callback = callbackIn(request)
  if (callback instanceof Response) return callback
  return openStream(context, request, {
    type: "text/html; charset=UTF-8",
    prelude: htmlfileStart(callback),
    shape: (frame) => `<script>\np(${scriptText(frame)});\n</script>\r\n`,
  })
}

/** GET <service>/iframe*.html: a page of our origin that a page of another speaks through. */
export function showIframe({ sockjs, access }: ApiContext, request: ApiRequest): Response {
  const { clientScript } = sockjs.config
  if (clientScript === null)
    throw new LabaError("not_found", "The iframe needs `sockjs.clientScript`: where its script is.")
  const page = iframePage(clientScript)
  const etag = `"${createHash("sha256")
    .update(page + access.origins.frameAncestors)
    .digest("base64url")
    .slice(0, 22)}"`
  const more = {
    ETag: etag,
    Expires: new Date(Date.now() + yearSeconds * 1000).toUTCString(),
    // The browser that keeps it holds other sites' pages back, too.
    "Content-Security-Policy": `frame-ancestors ${access.origins.frameAncestors}`,
  }
  const cache = `public, max-age=${yearSeconds}`
  if (request.raw.headers.get("if-none-match") === etag)
    return answer(request, null, { status: 304, cache, more })
  return answer(request, page, { type: "text/html; charset=UTF-8", cache, more })
}

const yearSeconds = 31_536_000

/** The name of the function to be called, or the answer to who gives none. */
function callbackIn(request: ApiRequest): string | Response {
  const query = new URLSearchParams(request.search)
  const callback = query.get("c") ?? query.get("callback")
  if (callback === null) return badPayload(request, '"callback" parameter required', "bad_query")
  if (!callbackPattern.test(callback)) return badPayload(request, 'invalid "callback" parameter', "bad_query")
  return callback
}

/** A frame as a literal of a script, also of one inside of a page: nothing in it ends that script. */
const scriptText = (frame: string): string => JSON.stringify(frame).replaceAll("<", "\\u003c")

/** Browsers draw nothing of a page before they have 1 KiB of it. */
const htmlfileStart = (callback: string): string =>
  `<!doctype html>
<html><head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
</head><body>
  <script>
    document.domain = document.domain;
    var client = parent.${callback};
    client.start();
    function p(frame) { client.message(frame); }
    window.onload = function () { client.stop(); };
  </script>`.padEnd(1024 + callback.length) + "\r\n\r\n"

const iframePage = (clientScript: string): string => `<!doctype html>
<html>
<head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
  <script src="${clientScript}"></script>
  <script>
    document.domain = document.domain;
    SockJS.bootstrap_iframe();
  </script>
</head>
<body></body>
</html>
`
