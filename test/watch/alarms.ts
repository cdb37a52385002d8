// Listens for alarms at a channel, and keeps them in order.
import { connect } from "../../client/index.ts"
import type { Alarm } from "../../src/watch/watch.ts"

export interface Alarms extends Disposable {
  readonly heard: Alarm[]
  /** Waits until so many were heard. The test has the deadline. */
  has(count: number): Promise<readonly Alarm[]>
}

export async function alarmsAt(base: string, channel: string): Promise<Alarms> {
  const laba = connect(base)
  const heard: Alarm[] = []
  const listening = laba.channel(channel)
  listening.on("message", ({ data }) => heard.push(data as Alarm))
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
