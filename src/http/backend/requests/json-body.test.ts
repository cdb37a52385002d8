import { expect, test } from "bun:test"
import { z } from "zod"
import { readMessages } from "./json-body.ts"
import { draftShape } from "./shapes.ts"

const body = z.strictObject({ messages: z.array(z.strictObject({ channel: z.string(), ...draftShape })) })

const refusalOf = (text: string): Promise<string> =>
  readMessages(new Request("http://x/", { method: "POST", body: text }), body).then(
    () => "taken",
    ({ detail }: { detail: string }) => detail,
  )

test("the first mistake of a body is told with its place", async () => {
  const refused = {
    "{}": "In the body, at messages: it is missing.",
    '{"messages":[{"channel":"/a"}]}': "In the body, at messages[0].data: it is missing.",
    '{"messages":[{"data":1}]}': "In the body, at messages[0].channel: it is missing.",
    '{"messages":[{"channel":1,"data":1}]}':
      "In the body, at messages[0].channel: Invalid input: expected string, received number.",
    '{"messages":[{"channel":"/a","data":1,"tpye":"x"}]}': 'In the body, at messages[0]: unknown key "tpye".',
    '{"messages":': "The body must be JSON; this breaks off before its end.",
  }
  for (const [text, detail] of Object.entries(refused)) expect(await refusalOf(text)).toBe(detail)
})
