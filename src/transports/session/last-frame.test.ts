// A session is told once why it ends, however much waits for it when the reason comes.
import { expect, test } from "bun:test"
import { LabaError } from "../../../wire/error.ts"
import type { ServerFrame } from "../../../wire/frames.ts"
import { anonymousClient } from "../connections/client.ts"
import { SlowReaders } from "../slow-readers.ts"
import { stubContext } from "../stub-context.ts"
import { PolledSession, type PolledSessionOptions } from "./polled-session.ts"
import { StreamedSession } from "./streamed-session.ts"

const outboxBytesMax = 1000

function start() {
  const slowReaders = new SlowReaders({ outboxBytesMax })
  const context = stubContext({ hub: { startSkipping: () => null }, limits: { outboxBytesMax }, slowReaders })
  const session: PolledSessionOptions = {
    context,
    number: 1,
    user: undefined,
    client: anonymousClient,
    attached: [],
    reply: undefined,
  }
  return { session, counters: context.counters, [Symbol.dispose]: () => slowReaders.stop() }
}

const deletion = new LabaError("deleted", "d".repeat(200))

/** Fills what waits for a session until any further frame would be too much. */
function fill(session: PolledSession | StreamedSession, bytesMax: number): void {
  while (session.backlogBytes() < bytesMax - 200) session.direct("text/plain", "x")
}

const codesOf = (frames: readonly ServerFrame[]) =>
  frames.flatMap((frame) => (frame.op === "error" ? [frame.code] : []))

test("[N9] a stream that the last frame overfills gets no second one", () => {
  using t = start()
  const frames: ServerFrame[] = []
  const session = new StreamedSession({ ...t.session, request: new Request("http://x/_/session") })
  session.pull({
    write(chunk) {
      frames.push(JSON.parse(new TextDecoder().decode(chunk).slice("data: ".length)))
      return new Promise(() => {})
    },
    close() {},
  })
  // Above four times its outbox a stream is slow at once.
  fill(session, outboxBytesMax * 4)
  expect(session.closed).toBe(false)
  session.disconnect(deletion)
  expect(session.closed).toBe(true)
  expect(codesOf(frames)).toEqual(["deleted"])
  expect(t.counters.errorFrames).toEqual(new Map([["deleted", 1]]))
})

test("[N9] a polled session that the last frame overfills ends by its own reason, not as slow", () => {
  using t = start()
  const session = new PolledSession(t.session)
  fill(session, outboxBytesMax)
  expect(session.closed).toBe(false)
  session.disconnect(deletion)
  expect(session.closed).toBe(true)
  const { frames } = JSON.parse(session.poll(0, 0) as string) as { frames: ServerFrame[] }
  expect(codesOf(frames)).toEqual(["deleted"])
  expect(t.counters.errorFrames).toEqual(new Map([["deleted", 1]]))
})
