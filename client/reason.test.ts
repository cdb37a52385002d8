import { expect, test } from "bun:test"
import { LabaFailure } from "./reason.ts"

test("a failure is an Error with its code", () => {
  const failure = new LabaFailure({ code: "queue_full", retry: "back-off", detail: "3 wait." })
  expect(failure).toBeInstanceOf(Error)
  expect(`${failure}`).toBe("LabaFailure: queue_full: 3 wait.")
  expect(failure.retry).toBe("back-off")
})
