// A sample of `npm run campaign -- stomp-frames`.
import { expect, test } from "bun:test"
import { seed } from "../support/seed.ts"
import { tryStreams } from "./frame-campaign.ts"

test(`[T3] [T8] whatever comes, however it is cut: the same is read, nothing but a code ends it, and little is held (seed ${seed})`, () => {
  expect(tryStreams(seed, 2000)).toEqual({ tried: 2000, findings: [] })
}, 60_000)
