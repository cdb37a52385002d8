import { expect, test } from "bun:test"
import { agreeOnBeats } from "./heart-beat.ts"
import { escapeHeader, unescapeHeader } from "./escapes.ts"
import { chooseVersion } from "./version.ts"

test("[T2] (1.1, 1.2 «Protocol Negotiation») the highest version that both know is spoken", () => {
  expect(chooseVersion("1.0,1.1,2.0")).toBe("1.1")
  expect(chooseVersion("1.2, 1.1 ,1.0")).toBe("1.2")
  expect(chooseVersion("1.0")).toBe("1.0")
})

test("[T2] (1.1, 1.2 «Protocol Negotiation») who says nothing speaks 1.0, and without a common version there is none", () => {
  expect(chooseVersion(undefined)).toBe("1.0")
  expect(chooseVersion("2.1,1.3")).toBeNull()
  expect(chooseVersion("")).toBeNull()
})

test("[T11] (1.1, 1.2 «Heart-beating») each direction beats at the slower of what one can and the other wants; 0 is none", () => {
  expect(agreeOnBeats("10000,10000", 5000)).toEqual({ incomingMs: 10_000, outgoingMs: 10_000 })
  expect(agreeOnBeats("1000,20000", 5000)).toEqual({ incomingMs: 5000, outgoingMs: 20_000 })
  expect(agreeOnBeats("0,1000", 5000)).toEqual({ incomingMs: 0, outgoingMs: 5000 })
  expect(agreeOnBeats("1000,0", 5000)).toEqual({ incomingMs: 5000, outgoingMs: 0 })
})

test("[T11] (1.1, 1.2 «Heart-beating») a missing header is 0,0, and one that is no pair of whole numbers is an error", () => {
  expect(agreeOnBeats(undefined, 5000)).toEqual({ incomingMs: 0, outgoingMs: 0 })
  for (const wrong of ["", "1", "1,2,3", "-1,0", "a,b", "1.5,0", "9999999999,0"])
    expect(() => agreeOnBeats(wrong, 5000)).toThrow("bad_frame")
})

test("[T5] (1.1, 1.2 «Value Encoding») what is escaped is read again as it was", () => {
  const hostile = "a:b\\c\nd\\n\\"
  for (const version of ["1.1", "1.2"] as const)
    expect(unescapeHeader(escapeHeader(hostile, version), version)).toBe(hostile)
  expect(unescapeHeader(escapeHeader("\r\n", "1.2"), "1.2")).toBe("\r\n")
})

test("[T5] no header of any version ends its line early", () => {
  for (const version of ["1.0", "1.1", "1.2"] as const)
    expect(escapeHeader("a\nb\0c", version)).not.toContain("\n")
})
