import { expect, test } from "bun:test"
import { AnswerReader } from "./answer-reader.ts"

test("reads pipelined answers of either framing, wherever the stream is cut", () => {
  const stream = Buffer.from(
    "HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello" +
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" +
      "HTTP/1.1 204 No Content\r\n\r\n",
  )
  for (let cut = 0; cut <= stream.length; cut++) {
    const reader = new AnswerReader()
    const answers = [...reader.read(stream.subarray(0, cut)), ...reader.read(stream.subarray(cut))]
    expect(answers).toEqual([
      { status: 201, body: "hello" },
      { status: 200, body: "abcde" },
      { status: 204, body: "" },
    ])
  }
})
