// Who watches a channel while what they may changes.
import { expect, test } from "bun:test"
import { LabaError } from "../../../wire/error.ts"
import { channelOf } from "../../hub/testing/test-hub.ts"
import { stubContext } from "../stub-context.ts"
import type { LabaConnection } from "./laba-connection.ts"
import { PresenceWatch } from "./presence-watch.ts"

test("who may not see the channel any more when the answer is there is told so, and of nobody who comes later", async () => {
  const frames: string[] = []
  const watchers = new Set<unknown>()
  const presence = {
    subscribe: (_channel: unknown, watcher: unknown) => {
      watchers.add(watcher)
      return { members: ["ann"], users: 1, guests: 0 }
    },
    unsubscribe: (_channel: unknown, watcher: unknown) => void watchers.delete(watcher),
  }
  const connection = {
    closed: false,
    send: (frame: string) => void frames.push(frame),
  } as unknown as LabaConnection
  const watch = new PresenceWatch(connection, stubContext({ presence }))
  const channel = channelOf("/a")
  const permit = (): never => {
    throw new LabaError("forbidden", "You may not any more.")
  }
  const answered = watch.answer({ channel, ref: undefined, watch: true, permit })
  expect(await answered.catch(({ code }: LabaError) => code)).toBe("forbidden")
  expect(watchers.size).toBe(0)
  watch.changed(channel, { came: ["bob"], left: [] } as never)
  expect(frames).toEqual([])
})
