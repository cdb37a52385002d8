import { describe, expect, test } from "bun:test"
import type { Code } from "../../../wire/codes.ts"
import { LabaError } from "../../../wire/error.ts"
import type { ClientFrame } from "./frame.ts"
import { FrameReader } from "./frame-reader.ts"
import type { StompVersion } from "./version.ts"

const bounds = { headerBytesMax: 200, headersPerFrameMax: 5, messageBytesMax: 50 }

function readerOf(version: StompVersion | null): FrameReader {
  const reader = new FrameReader(bounds)
  reader.version = version
  return reader
}

/** Reads all of it. */
function readAll(version: StompVersion | null, ...pieces: (string | Uint8Array)[]): ClientFrame[] {
  const reader = readerOf(version)
  const frames: ClientFrame[] = []
  for (const piece of pieces) {
    reader.push(piece)
    for (let frame = reader.next(); frame; frame = reader.next()) {
      frames.push(frame)
      if (reader.version === null) reader.version = "1.2"
    }
  }
  return frames
}

const only = (version: StompVersion | null, text: string | Uint8Array): ClientFrame => {
  const [frame, ...more] = readAll(version, text)
  expect(more).toEqual([])
  return frame as ClientFrame
}

const headersOf = (frame: ClientFrame) => Object.fromEntries(frame.headers)
const textOf = ({ body }: ClientFrame) => new TextDecoder().decode(body)

/** The code and the bound of the refusal. */
function refusal(version: StompVersion | null, ...pieces: (string | Uint8Array)[]): [Code, string?] {
  try {
    const frames = readAll(version, ...pieces)
    throw new Error(`taken: ${JSON.stringify(frames.map(({ command }) => command))}`)
  } catch (error) {
    if (!(error instanceof LabaError)) throw error
    return error.limit === undefined ? [error.code] : [error.code, error.limit]
  }
}

describe("a stream of frames", () => {
  const stream =
    "CONNECT\naccept-version:1.2\n\n\0\nSEND\ndestination:/a\ncontent-length:5\n\nh\0llo\0\r\n\nSUBSCRIBE\nid:0\ndestination:/日本\n\n\0"
  const expected = [
    ["CONNECT", { "accept-version": "1.2" }, ""],
    ["SEND", { destination: "/a", "content-length": "5" }, "h\0llo"],
    ["SUBSCRIBE", { id: "0", destination: "/日本" }, ""],
  ]
  const seen = (frames: readonly ClientFrame[]) =>
    frames.map((frame) => [frame.command, headersOf(frame), textOf(frame)])

  test("[T3] several frames in one message are read one by one, text and binary alike", () => {
    expect(seen(readAll(null, stream))).toEqual(expected)
    expect(seen(readAll(null, new TextEncoder().encode(stream)))).toEqual(expected)
  })

  test("[T3] a frame may be cut anywhere, within a character too", () => {
    const bytes = new TextEncoder().encode(stream)
    expect(seen(readAll(null, ...Array.from(bytes, (byte) => Uint8Array.of(byte))))).toEqual(expected)
    for (let at = 0; at <= bytes.length; at++)
      expect(seen(readAll(null, bytes.slice(0, at), bytes.slice(at)))).toEqual(expected)
  })

  test("[T3] what was read keeps nothing of the stream", () => {
    const reader = readerOf("1.2")
    reader.push(`${"\n".repeat(1000)}SEND\ndestination:/a\n\nx\0\n`)
    expect(textOf(reader.next() as ClientFrame)).toBe("x")
    expect([reader.next(), reader.heldBytes]).toEqual([null, 0])
  })

  test("[T8] a byte that is still to be read keeps nothing of the stream before it", () => {
    const reader = readerOf("1.2")
    reader.push(`${"\n".repeat(500_000)}SEND\ndesti`)
    expect([reader.next(), reader.heldBytes]).toEqual([null, 5])
    expect(reader.bufferBytes).toBeLessThan(5000)
    reader.push("nation:/a\n\nx\0")
    expect(textOf(reader.next() as ClientFrame)).toBe("x")
  })

  test("[T4] (1.0, 1.1, 1.2 «frames») a NUL ends a frame, and any line ends may follow it", () => {
    for (const version of ["1.0", "1.1", "1.2"] as const)
      expect(readAll(version, "\nDISCONNECT\n\n\0\n\r\n\nDISCONNECT\n\n\0")).toHaveLength(2)
  })
})

describe("the grammar", () => {
  test("[T4] (1.2 «Augmented BNF») a line of 1.2 may end with a carriage return before the line feed", () => {
    expect(headersOf(only("1.2", "SEND\r\ndestination:/a\r\nx: y \r\n\r\nbody\0"))).toEqual({
      destination: "/a",
      x: " y ",
    })
    expect(headersOf(only(null, "CONNECT\r\naccept-version:1.2\r\n\r\n\0"))).toEqual({
      "accept-version": "1.2",
    })
  })

  test("[T4] (1.1 «Augmented BNF») before 1.2 a carriage return is part of the value", () => {
    expect(headersOf(only("1.1", "SEND\nx:y\r\n\n\0"))).toEqual({ x: "y\r" })
    expect(refusal("1.1", "SEND\r\nx:y\n\n\0")).toEqual(["bad_frame"])
  })

  test("[T4] (1.2 «frames») commands and names are case-sensitive, and a value may hold colons", () => {
    expect(refusal("1.2", "send\ndestination:/a\n\n\0")).toEqual(["bad_frame"])
    expect(headersOf(only("1.2", "SEND\nDestination:/a:b:c\nempty:\n\n\0"))).toEqual({
      Destination: "/a:b:c",
      empty: "",
    })
  })

  test("[T4] what is no frame is known at once: another command, HTTP, a NUL within, a line without a colon or a name", () => {
    expect(refusal("1.2", "NOISE\n")).toEqual(["bad_frame"])
    expect(refusal("1.2", "MESSAGE\n")).toEqual(["bad_frame"])
    expect(refusal(null, "POST / HTTP/1")).toEqual(["bad_frame"])
    expect(refusal("1.2", "SEND\0")).toEqual(["bad_frame"])
    expect(refusal("1.2", "SEND\ndestination:/a\n\n\0\0")).toEqual(["bad_frame"])
    expect(refusal("1.2", "SEND\ndestination\n")).toEqual(["bad_frame"])
    expect(refusal("1.2", "SEND\n:/a\n")).toEqual(["bad_frame"])
    expect(refusal("1.2", "SEND\ndestination:/a\0")).toEqual(["bad_frame"])
  })

  test("[T9] (1.2 «Connecting») CONNECT or STOMP comes first, and once", () => {
    expect(refusal(null, "SEND\n")).toEqual(["bad_frame"])
    expect(only(null, "STOMP\naccept-version:1.2\n\n\0").command).toBe("STOMP")
    expect(refusal("1.2", "CONNECT\n")).toEqual(["bad_frame"])
  })

  test("[T6] (1.2 «Repeated Header Entries») of a repeated header the first counts", () => {
    expect(headersOf(only("1.1", "SEND\nfoo:World\nfoo:Hello\n\n\0"))).toEqual({ foo: "World" })
  })

  test("[T6] (1.2 «Value Encoding») 1.0 trims what stands around a value, the later versions never", () => {
    expect(headersOf(only("1.0", "SEND\ndestination: /a \n\n\0"))).toEqual({ destination: "/a" })
    for (const version of ["1.1", "1.2"] as const)
      expect(headersOf(only(version, "SEND\n x : y \n\n\0"))).toEqual({ " x ": " y " })
  })

  test("[T5] headers are UTF-8", () => {
    expect(refusal("1.2", Uint8Array.of(83, 69, 78, 68, 10, 120, 58, 0xc3, 10))).toEqual(["bad_utf8"])
  })
})

describe("escapes", () => {
  test("[T5] (1.1, 1.2 «Value Encoding») are read by version, in names too", () => {
    expect(headersOf(only("1.2", "SEND\na\\cb:\\\\n\\n\\c\\r\n\n\0"))).toEqual({ "a:b": "\\n\n:\r" })
    expect(headersOf(only("1.1", "SEND\na\\cb:\\\\n\\n\\c\n\n\0"))).toEqual({ "a:b": "\\n\n:" })
    expect(headersOf(only("1.0", "SEND\na:\\n\\t\n\n\0"))).toEqual({ a: "\\n\\t" })
  })

  test("[T5] (1.1, 1.2 «Value Encoding») one that the version does not know is fatal", () => {
    expect(refusal("1.2", "SEND\na:\\t\n\n\0")).toEqual(["bad_frame"])
    expect(refusal("1.1", "SEND\na:\\r\n\n\0")).toEqual(["bad_frame"])
    expect(refusal("1.1", "SEND\na:\\\n\n\0")).toEqual(["bad_frame"])
  })

  test("[T5] (1.1, 1.2 «Value Encoding») CONNECT has none", () => {
    expect(headersOf(only(null, "CONNECT\npasscode:a\\tb\\\n\n\0"))).toEqual({ passcode: "a\\tb\\" })
  })
})

describe("the body", () => {
  test("[T7] (1.1, 1.2 «content-length») so many octets are read, whatever they are", () => {
    expect(Array.from(only("1.2", "SEND\ncontent-length:4\n\n\0\n\0\n\0").body)).toEqual([0, 10, 0, 10])
    expect(textOf(only("1.2", "SEND\ncontent-length:2\n\né\0"))).toBe("é")
  })

  test("[T7] (1.2 «content-length») a NUL stands behind them", () => {
    expect(refusal("1.2", "SEND\ncontent-length:4\n\nhello\0")).toEqual(["bad_frame"])
    expect(readAll("1.2", "SEND\ncontent-length:6\n\nhello\0")).toEqual([])
    expect(refusal("1.2", "SEND\ncontent-length:6\n\nhello\0\n")).toEqual(["bad_frame"])
  })

  test("[T7] a length that is no whole number is refused", () => {
    for (const length of ["-1", "1.5", "0x5", "1e3", "", "99999999999"])
      expect(refusal("1.2", `SEND\ncontent-length:${length}\n\n`)).toEqual(["bad_frame"])
  })

  test("[T7] (1.2 «Value Encoding») only SEND has a body", () => {
    expect(refusal("1.2", "SUBSCRIBE\nid:0\ndestination:/a\n\nx")).toEqual(["bad_frame"])
    expect(refusal("1.2", "DISCONNECT\ncontent-length:1\n\n")).toEqual(["bad_frame"])
    expect(readAll("1.2", "DISCONNECT\ncontent-length:0\n\n\0")).toHaveLength(1)
  })

  test("[T7] without a length it goes up to the NUL", () => {
    expect(textOf(only("1.1", "SEND\n\nline one\nline two\n\0"))).toBe("line one\nline two\n")
  })
})

describe("bounds", () => {
  const [big, many] = ["x".repeat(51), "a:b\n".repeat(6)]

  test("[T8] (1.1, 1.2 «Size Limits») an endless line, too many headers and too long a body are refused before they have come", () => {
    expect(refusal("1.2", `SEND\nx:${"y".repeat(200)}`)).toEqual(["too_large", "headerBytesMax"])
    expect(refusal("1.2", `SEND\n${many}`)).toEqual(["too_large", "headersPerFrameMax"])
    expect(refusal("1.2", `SEND\n\n${big}`)).toEqual(["too_large", "messageBytesMax"])
    expect(refusal("1.2", "SEND\ncontent-length:51\n\n")).toEqual(["too_large", "messageBytesMax"])
  })

  test("[T8] what just fits is taken", () => {
    const body = "x".repeat(bounds.messageBytesMax)
    expect(textOf(only("1.2", `SEND\n\n${body}\0`))).toBe(body)
    expect(textOf(only("1.2", `SEND\ncontent-length:50\n\n${body}\0`))).toBe(body)
    const line = `x:${"y".repeat(bounds.headerBytesMax - "SEND\n".length - "x:".length - 1)}`
    expect(only("1.2", `SEND\n${line}\n\n\0`).headers.get("x")).toHaveLength(line.length - 2)
  })

  test("[T8] however a stream is cut, no more is held than its bounds", () => {
    const reader = readerOf("1.2")
    reader.push("SEND\n\n")
    let held = 0
    try {
      for (let i = 0; i < 1000; i++) {
        reader.push("y")
        reader.next()
        held = Math.max(held, reader.heldBytes)
      }
    } catch {
      // The bound.
    }
    expect(held).toBe(bounds.messageBytesMax)
  })

  test("[T20] an error knows the receipt that its frame asked for", () => {
    const reader = readerOf("1.2")
    reader.push("SEND\nreceipt:r-1\nbroken\n")
    expect(() => reader.next()).toThrow("bad_frame")
    expect(reader.receipt).toBe("r-1")
  })
})

test.each(["1.0", "1.1"] as const)(
  "[T4] a carriage return behind a command of %s is told as what it is",
  (version) => {
    expect(() => only(version, "SUBSCRIBE\r\nid:0\r\n\r\n\0")).toThrow(
      `A line of STOMP ${version} ends with a line feed alone`,
    )
  },
)
