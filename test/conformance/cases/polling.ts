// Held polls and pages: what an answer to a poll says.
import { expect } from "bun:test"
import { pollOnce } from "../../support/poller.ts"
import { headOf, numbers, publish, publishAll } from "../../support/publish.ts"
import { type ConformanceCase, keeping } from "../case.ts"

const dataOf = (answer: { messages: readonly { data: unknown }[] }): unknown[] =>
  answer.messages.map((one) => one.data)

export const polling: readonly ConformanceCase[] = [
  {
    name: "[Q2] answers at once when something came since the cursor",
    async run({ url }) {
      const { cursor } = await headOf(url)
      await publishAll(url, ["a", "b"])
      const answer = await pollOnce(`${url}?after=${cursor}&wait=25`)
      expect([dataOf(answer), answer.reset, answer.more]).toEqual([["a", "b"], null, false])
      expect(answer.cursor).toBe((await headOf(url)).cursor)
    },
  },
  {
    name: "[Q4] holds a poll until something comes",
    async run({ url }) {
      const { cursor } = await headOf(url)
      const held = pollOnce(`${url}?after=${cursor}&wait=25`)
      while ((await headOf(url)).listeners === 0) await Bun.sleep(1)
      await publish(url, "a")
      expect(dataOf(await held)).toEqual(["a"])
    },
  },
  {
    name: "[Q4] holds a poll without a cursor until something comes after now",
    async run({ url }) {
      await publish(url, "before")
      const held = pollOnce(`${url}?wait=25`)
      while ((await headOf(url)).listeners === 0) await Bun.sleep(1)
      await publish(url, "after")
      expect(dataOf(await held)).toEqual(["after"])
    },
  },
  {
    name: "[Q4] answers an empty list with the cursor to go on from when nothing came in time",
    async run({ url }) {
      const { cursor } = await publish(url, "old")
      expect(await pollOnce(`${url}?wait=1`)).toMatchObject({
        cursor,
        reset: null,
        more: false,
        messages: [],
      })
    },
  },
  {
    name: "[Q3] gives pages with `more`, which together are everything in order",
    options: { ...keeping(1000), limits: { pageMessagesMax: 7 } },
    async run({ url }) {
      let { cursor } = await headOf(url)
      await publishAll(url, numbers(30))
      const pages: number[] = []
      const heard: unknown[] = []
      for (let more = true; more;) {
        const answer = await pollOnce(`${url}?after=${cursor}`)
        pages.push(answer.messages.length)
        heard.push(...dataOf(answer))
        cursor = answer.cursor
        more = answer.more
      }
      expect([pages, heard]).toEqual([[7, 7, 7, 7, 2], numbers(30)])
    },
  },
  {
    name: "[Q3] bounds a page in bytes, but gives at least one message",
    options: { ...keeping(1000), limits: { pageBytesMax: 1000 } },
    async run({ url }) {
      let { cursor } = await headOf(url)
      await publishAll(url, ["x".repeat(5000), "a".repeat(600), "b".repeat(600)])
      for (const size of [5000, 600, 600]) {
        const answer = await pollOnce(`${url}?after=${cursor}`)
        expect(answer.messages.map((one) => (one.data as string).length)).toEqual([size])
        cursor = answer.cursor
      }
    },
  },
  {
    name: "answers everybody who waits when one message comes",
    async run({ url }) {
      const held = numbers(20).map(() => pollOnce(`${url}?wait=25`))
      while ((await headOf(url)).listeners < 20) await Bun.sleep(1)
      expect((await publish(url, "to all")).listeners).toBe(20)
      expect((await Promise.all(held)).map(dataOf)).toEqual(held.map(() => ["to all"]))
    },
  },
  {
    name: "is never cached on the way",
    async run({ url }) {
      const { cursor } = await publish(url, "x")
      const { headers } = await fetch(`${url}?after=${cursor}`)
      expect(headers.get("cache-control")).toContain("no-store")
    },
  },
]
