// Listens for alarms at a channel, and keeps them in order.
import { connect } from "../../client/index.ts"
import type { Alarm } from "../../src/silence/silence.ts"
import { headOf } from "../support/publish.ts"

interface Alarms extends Disposable {
  readonly heard: Alarm[]
  /** Waits until so many were heard. The test has the deadline. */
  has(count: number): Promise<readonly Alarm[]>
}

export async function alarmsAt(base: string, channel: string): Promise<Alarms> {
  const laba = connect(base)
  const heard: Alarm[] = []
  // From the channel's beginning: the first alarm may be told before anybody listens.
  const { cursor } = await headOf(base + channel)
  const listening = laba.channel(channel, { after: cursor.replace(/-[^.]*/, "-0") })
  listening.on("message", ({ data }) => heard.push(data as Alarm))
  // A Redis that was restarted: the alarms before it were heard.
  listening.on("reset", () => {})
  await listening.ready()
  return {
    heard,
    async has(count) {
      while (heard.length < count) await Bun.sleep(10)
      return heard
    },
    [Symbol.dispose]: () => laba.close(),
  }
}
