import { expect, spyOn, test } from "bun:test"
import { defaultLimits } from "../../wire/limits.ts"
import { Admissions } from "./admissions.ts"

test("a machine's clock that is set back keeps nobody out", async () => {
  const real = Date.now
  let shiftMs = 0
  const clock = spyOn(Date, "now").mockImplementation(() => real() + shiftMs)
  try {
    const admissions = new Admissions({
      limits: { ...defaultLimits, connectsPerAddressPerSecond: 5 },
      attendance: { size: 0, countOfUser: () => 0 },
    })
    await admissions.connect("192.0.2.1")
    shiftMs = -3_600_000
    await admissions.connect("192.0.2.1")
    expect(admissions.delayed).toBe(0)
  } finally {
    clock.mockRestore()
  }
})
