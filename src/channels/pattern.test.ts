import { expect, test } from "bun:test"
import { parsePattern } from "./pattern.ts"

test("a pattern's literal parts are canonical, however they are spelled", () => {
  expect(parsePattern("/%6frders/喇/*/%2a/**")).toEqual({
    text: "/orders/%E5%96%87/*/%2A/**",
    parts: ["orders", "%E5%96%87", "*", "%2A", "**"],
  })
})

const refused: Record<string, string> = {
  "": "starts with `/`",
  orders: "starts with `/`",
  "/": "every channel is `/**`",
  "/a/": "empty part",
  "/a//b": "empty part",
  "/**/a": "`**` can only be the last part",
  "/**/**": "`**` can only be the last part",
  "/a*": "stands for a whole part",
  "/a/***": "stands for a whole part",
  "/*.json": "stands for a whole part",
  "/_/**": "Laba's own",
  "/%5f/*": "Laba's own",
  "/_": "Laba's own",
  "/a/../b": "no parts",
  "/a%2fb": "slash",
  "/%zz": "hexadecimal",
  [`/${"a".repeat(255)}`]: "longer than 255 bytes",
  [`/${"a".repeat(5000)}`]: "longer than 255 bytes",
}

for (const [text, reason] of Object.entries(refused)) {
  test(`the pattern "${text.slice(0, 20)}" of ${text.length} characters is refused: ${reason}`, () => {
    expect(() => parsePattern(text)).toThrow(reason)
    expect(() => parsePattern(text)).toThrow(expect.objectContaining({ code: "bad_channel" }))
  })
}
