import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { LabaError } from "../../../wire/error.ts"
import { jsonDepthMax } from "../../../wire/limits.ts"
import { BadFrame, decodeFrame, decodeFrames } from "./commands.ts"

function refused(decode: () => unknown): LabaError {
  try {
    decode()
  } catch (error) {
    if (error instanceof LabaError) return error
    throw error
  }
  throw new Error("accepted")
}

describe("a frame", () => {
  test("never makes anything but a command or a BadFrame, whatever it is", () => {
    const hostile = fc.oneof(
      fc.string(),
      fc.json(),
      fc.object({ key: fc.constantFrom("op", "ref", "channel", "data", "x") }).map((o) => JSON.stringify(o)),
    )
    fc.assert(
      fc.property(hostile, (text) => {
        try {
          expect(typeof decodeFrame(text).op).toBe("string")
        } catch (error) {
          expect(error).toBeInstanceOf(BadFrame)
        }
      }),
      { numRuns: 500 },
    )
  })

  test("is read by its members, in whatever order and however their names are written", () => {
    expect(
      decodeFrame(' { "after" : "e-1" ,\n"\\u0063hannel":"\\/a", "x":[{}], "op":"subscribe" } '),
    ).toEqual({
      op: "subscribe",
      ref: undefined,
      channel: "/a",
      after: "e-1",
    })
  })

  test("hands out what is to be published as the text that it was", () => {
    for (const data of ['{"a":1.0,"a":2}', "9007199254740993", "1e400", '"\\ud800"', "[ 1 ,\n2 ]"])
      expect(decodeFrame(`{"op":"publish","channel":"/a","data": ${data} }`)).toMatchObject({ data })
  })

  test("[L20] that is wrong and has a ref names it, so that its sender can be answered", () => {
    const wrong = [
      ['{"op":"subscribe","ref":7}', "7"],
      ['{"op":"fly","ref":"x"}', '"x"'],
      ['{"op":"publish","ref":1.0,"channel":"/a"}', "1.0"],
      ['{"op":"presence","ref":1,"channel":"/a","watch":1}', "1"],
      ['{"op":"ping","op":"ping","ref":2}', "2"],
    ] as const
    for (const [text, ref] of wrong)
      expect(refused(() => decodeFrame(text))).toMatchObject({ code: "bad_frame", ref })
  })

  test("takes no ref that is too long or of another kind", () => {
    for (const ref of [JSON.stringify("x".repeat(65)), "{}", "[]", "true", "null", "1".repeat(65)])
      expect(refused(() => decodeFrame(`{"op":"ping","ref":${ref}}`)).code).toBe("bad_frame")
    const longest = `"${"\\u0041".repeat(64)}"`
    expect(decodeFrame(`{"op":"ping","ref":${longest}}`) as unknown).toEqual({ op: "ping", ref: longest })
  })

  test("carries a payload as deep as any, and none that is deeper", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth)
    const publish = (depth: number): string => `{"op":"publish","channel":"/a","data":${nested(depth)}}`
    expect(decodeFrame(publish(jsonDepthMax)).op).toBe("publish")
    expect(refused(() => decodeFrame(publish(jsonDepthMax + 1))).detail).toContain("nested")
    expect(decodeFrames(`[${publish(jsonDepthMax)}]`, 1)).toHaveLength(1)
    expect(refused(() => decodeFrames(`[${publish(30_000)}]`, 1)).code).toBe("bad_json")
  })
})

test("[L20] a frame that publishes nothing is not as long as one that does", () => {
  const padded = (members: string): string => `{${members},"ref":1,"x":"${"x".repeat(33_000)}"}`
  expect(refused(() => decodeFrame(padded('"op":"ping"')))).toMatchObject({ code: "bad_frame", ref: "1" })
  expect(decodeFrame(padded('"op":"publish","channel":"/a","data":1')).op).toBe("publish")
})

describe("several frames", () => {
  const ping = '{"op":"ping"}'

  test("are one, or an array of as many as may be", () => {
    expect(decodeFrames(ping, 2)).toHaveLength(1)
    expect(decodeFrames(`[${ping},${ping}]`, 2)).toHaveLength(2)
    for (const text of ["[]", `[${ping},${ping},${ping}]`, "[[]]", "1"])
      expect(refused(() => decodeFrames(text, 2)).code).toBe("bad_frame")
  })

  test("are refused together when one of them is wrong, or the whole is no JSON", () => {
    expect(refused(() => decodeFrames(`[${ping},{"op":"fly"}]`, 2)).code).toBe("bad_frame")
    for (const text of ["", "[", `[${ping}`, `${ping},`])
      expect(refused(() => decodeFrames(text, 2)).code).toBe("bad_json")
  })
})
