// What backends answer to hooks, in both dialects: an answer within its bounds, a refusal, or a failure of the backend's; and
// what was understood is understood the same when it is written again.
import {
  answerChannelsMax,
  answerMessagesMax,
  readAnswer,
  stateBytesMax,
} from "../../../src/hooks/remote/dialects/laba-answer.ts"
import { BackendFailure, Refusal } from "../../../src/hooks/remote/delivery/backend-failure.ts"
import { labaDialect } from "../../../src/hooks/remote/dialects/laba-dialect.ts"
import { type Answer, askKinds, type Delivery } from "../../../src/hooks/remote/remote.ts"
import { tencentDialect } from "../../../src/hooks/remote/dialects/tencent-dialect.ts"
import type { ParserTarget } from "../target.ts"
import { agree, hold, orRefusal } from "./agree.ts"

const isMeant = (error: unknown): boolean => error instanceof BackendFailure || error instanceof Refusal

const asked = (kind: string): Delivery =>
  ({ id: "node01-1-x/register", time: 0, event: { kind, connection: "node01-1-x" } }) as unknown as Delivery

function checkBounds({ state, channels = [], publish }: Answer): void {
  if (typeof state === "string")
    hold("a state is within its bound", new TextEncoder().encode(state).length <= stateBytesMax)
  hold("channels are within their bound", channels.length <= answerChannelsMax)
  if (Array.isArray(publish)) hold("messages are within their bound", publish.length <= answerMessagesMax)
}

/** As a backend would have written it: of a message, `data` is JSON text already. */
function written({ reply, publish, ...answer }: Answer): string {
  const text =
    reply === undefined || typeof reply === "string"
      ? reply
      : { base64: Buffer.from(reply).toString("base64") }
  const head = JSON.stringify({ ...answer, ...(text !== undefined && { reply: text }) })
  if (publish === undefined) return head
  const messages =
    typeof publish === "boolean"
      ? String(publish)
      : `[${publish
          .map(
            ({ data, ...rest }) =>
              `${JSON.stringify(rest).slice(0, -1)}${Object.keys(rest).length > 0 ? "," : ""}"data":${data}}`,
          )
          .join(",")}]`
  return `${head.slice(0, -1)}${head === "{}" ? "" : ","}"publish":${messages}}`
}

export const hookAnswer: ParserTarget = {
  kind: "parser",
  name: "hook-answer",
  words: [
    '"user"',
    '"channels"',
    '"subprotocol"',
    '"state"',
    '"reply"',
    '"publish"',
    '"base64"',
    '"channel"',
    '"data"',
    '"type"',
    '"key"',
    '"errNo"',
    '"errMsg"',
    '"websocket"',
    '"secConnectionID"',
    '"secWebSocketProtocol"',
    '"node01-1-x"',
    ":",
    ",",
    "{",
    "}",
    "[",
    "]",
    "null",
    "true",
    "0",
    "1e999",
    '""',
    '"AA=="',
    '"\\ud800"',
    '"__proto__"',
  ],
  check(input) {
    for (const kind of askKinds) {
      const answer = orRefusal(() => readAnswer(kind, input), isMeant)
      if (!answer) continue
      checkBounds(answer)
      const text = written(answer)
      agree("an answer read again", written(readAnswer(kind, new TextEncoder().encode(text))), text)
    }
    for (const status of [200, 401, 403, 429, 500]) {
      const response = { status, headers: new Headers({ "content-type": "application/json" }), body: input }
      for (const dialect of [labaDialect, tencentDialect])
        for (const kind of ["register", "transport"])
          orRefusal(() => dialect.read(asked(kind), response), isMeant)
    }
  },
  work: { bytesMax: 128 * 1024, run: (input) => readAnswer("register", input) },
}
