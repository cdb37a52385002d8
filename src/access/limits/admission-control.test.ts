import { expect, test } from "bun:test"
import { SetBackClock } from "../../../test/support/set-back-clock.ts"
import { defaultLimits } from "../../../wire/limits.ts"
import { Admissions } from "./admission-control.ts"

test("a machine's clock that is set back keeps nobody out", async () => {
  using clock = new SetBackClock()
  const admissions = new Admissions({
    limits: { ...defaultLimits, connectsPerAddressPerSecond: 5 },
    attendance: { size: 0, countOfUser: () => 0 },
  })
  await admissions.connect("192.0.2.1")
  clock.setBack(3_600_000)
  await admissions.connect("192.0.2.1")
  expect(admissions.delayed).toBe(0)
})
