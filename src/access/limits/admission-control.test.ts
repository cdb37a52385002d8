import { expect, test } from "bun:test"
import { SetBackClock } from "../../../test/support/set-back-clock.ts"
import { defaultLimits } from "../../../wire/limits.ts"
import { AdmissionControl } from "./admission-control.ts"

test("a machine's clock that is set back keeps nobody out", async () => {
  using clock = new SetBackClock()
  const admission = new AdmissionControl({
    limits: { ...defaultLimits, connectsPerAddressPerSecond: 5 },
    openConnections: { size: 0, countOfUser: () => 0 },
  })
  await admission.connect("192.0.2.1")
  clock.setBack(3_600_000)
  await admission.connect("192.0.2.1")
  expect(admission.delayed).toBe(0)
})
