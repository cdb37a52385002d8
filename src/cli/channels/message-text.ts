// A message as JSON text, as `laba subscribe --json` and `--aside` print it. JSON in it is the text that was published, so that a number
// keeps its digits.
import type { Message } from "../../../client/channels/message.ts"
import { isJsonType } from "../../../wire/content-type.ts"

/** As `MessageJson` in wire/frames.ts. */
export function messageText({ text, data, ...facts }: Message): string {
  const head = JSON.stringify(facts).slice(0, -1)
  if (data instanceof Uint8Array)
    return `${head},"data":"${Buffer.from(data).toString("base64")}","base64":true}`
  // What an older version set aside has no text.
  return `${head},"data":${isJsonType(facts.type) && text ? text : JSON.stringify(data)}}`
}
