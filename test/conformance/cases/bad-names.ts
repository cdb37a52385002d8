// Channel names that are none, in the path and in `channel=`, and names that would dodge what `/_/` and rules look at.
import { expect } from "bun:test"
import { headOf, publish } from "../../support/publish.ts"
import type { ConformanceCase } from "../case.ts"
import { type BadInput, rawRefusal, refusalOf } from "../refusal.ts"

/** Each is a path under the case's channel, sent byte for byte. */
const badPaths: readonly (readonly [name: string, path: string])[] = [
  ["an escaped slash", "/a%2fb"],
  ["an escaped slash in capitals", "/a%2Fb"],
  ["an escaped backslash", "/a%5cb"],
  ["a bad escape", "/a%zz"],
  ["half an escape", "/a%4"],
  ["an escape that is not UTF-8", "/a%ff"],
  ["an escaped NUL", "/a%00"],
  ["an escaped line feed", "/a%0ab"],
  ["an escaped delete", "/a%7f"],
  ["an empty part", "/a//b"],
  ["an empty part at the end", "/a/"],
  ["too many bytes", `/${"a".repeat(256)}`],
]

/** Each is the decoded value of `channel=`, in which nothing has resolved dot segments for us. */
const badValues: readonly (readonly [name: string, value: string])[] = [
  ["a dot segment", "/a/./b"],
  ["a double dot segment", "/a/../b"],
  ["an escaped double dot segment", "/a/%2e%2e/b"],
  ["no slash at the beginning", "a"],
  ["nothing in it", ""],
  ["only a slash", "/"],
  ["a backslash", "/a\\b"],
  ["an escaped slash", "/a%2fb"],
  ["a line feed", "/a\nb"],
  ["a place that is ours", "/_/ws"],
  ["a place that is ours, escaped", "/%5f/ws"],
]

export const badNames: readonly BadInput[] = [
  ...badPaths.flatMap(([name, path]): BadInput[] => [
    {
      name: `a path with ${name}`,
      status: 400,
      code: "bad_channel",
      send: ({ base, channel }) => rawRefusal(base, `GET ${channel}${path}`),
    },
    {
      name: `publishing at a path with ${name}`,
      status: 400,
      code: "bad_channel",
      send: ({ base, channel }) =>
        rawRefusal(base, `POST ${channel}${path}`, ["Content-Type: text/plain", "Content-Length: 1"], "x"),
    },
  ]),
  ...badValues.map(([name, value]): BadInput => ({
    name: `\`channel=\` with ${name}`,
    status: 400,
    code: "bad_channel",
    send: ({ base }) => refusalOf(fetch(`${base}/_/poll?channel=${encodeURIComponent(value)}`)),
  })),
]

/** Names that are allowed, and are one name however they are written. */
export const names: readonly ConformanceCase[] = [
  {
    name: "[C1] takes a name that is written with needless escapes as the same channel",
    async run({ base, channel, url }) {
      await publish(`${url}/orders~1`, "x")
      const escaped = `${base}${channel.replace("t", "%74")}/%6frders%7E1`
      expect(await (await fetch(escaped)).text()).toBe("x")
      expect((await publish(escaped, "y")).channel).toBe(`${channel}/orders~1`)
    },
  },
  {
    name: "[C1] takes escapes in either case as one, and prints names in one form",
    async run({ url }) {
      const one = await publish(`${url}/%e5%8f%ad`, "x")
      const other = await publish(`${url}/%E5%8F%AD`, "y")
      expect(other.channel).toBe(one.channel)
      expect((await headOf(`${url}/叭`)).cursor).toBe(other.cursor)
    },
  },
  {
    name: "does not let `/%5f/` pass for a channel, nor for what is under `/_/`",
    async run({ base }) {
      for (const path of ["/%5f/anything", "/%5F/api/anything"]) {
        const answer = await rawRefusal(
          base,
          `POST ${path}`,
          ["Content-Type: text/plain", "Content-Length: 1"],
          "x",
        )
        expect([path, [400, 404].includes(answer.status)]).toEqual([path, true])
      }
    },
  },
  {
    name: "[C2] refuses a path with dot segments or a backslash, which a URL parser would make another of",
    async run({ base, channel, url }) {
      await publish(`${url}/b`, "x")
      for (const path of ["/a/../b", "/a/%2e%2e/b", "/./b", "\\b", "/a\\..\\b"]) {
        const answer = await rawRefusal(base, `GET ${channel}${path}`)
        expect([path, answer.status, answer.body]).toEqual([
          path,
          400,
          expect.stringContaining('"code":"bad_channel"'),
        ])
      }
    },
  },
  {
    name: "[C2] takes the longest name that is allowed",
    async run({ base, channel }) {
      const longest = `${channel}/${"a".repeat(255 - channel.length - 1)}`
      expect((await publish(base + longest, "x")).channel).toBe(longest)
    },
  },
]
