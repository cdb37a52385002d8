// Names that try to be another name: by escapes, dots, slashes, case and characters that look alike. Whatever comes of each, nothing
// arrives in a channel that its sender may not publish to, and nothing under /_/ is reached.
import { RawConnection } from "../../support/raw-tcp.ts"
import type { Attack } from "../attack.ts"
import { viaLine } from "../attacked-server.ts"

const guarded = ["/closed/orders", "/news/a", "/@1001/inbox", "/_/api/publish", "/_/metrics", "/_/ui"]

const spellings: readonly ((name: string) => string)[] = [
  (name) => name,
  (name) => encodeURIComponent(name).replaceAll("%2F", "/"),
  (name) => encodeURIComponent(name),
  (name) => name.replaceAll("/", "%2f"),
  (name) => name.replaceAll("/", "%5c"),
  (name) => name.replaceAll("/", "\\"),
  (name) => name.replaceAll("/", "//"),
  (name) => name.replaceAll("/", "/./"),
  (name) => name.replaceAll("/", "/%2e/"),
  (name) => name.replaceAll("_", "%5f").replaceAll("@", "%40"),
  (name) => name.replaceAll("_", "%5F").replaceAll("@", "%2540"),
  (name) => name.replace(/[a-z]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  (name) => name.replace(/[a-z]/g, (letter) => `%25${letter.charCodeAt(0).toString(16)}`),
  (name) => name.toUpperCase(),
  (name) => name.replaceAll("o", "\u043e").replaceAll("a", "\u0430"),
  (name) => name.replaceAll("@", "\uff20").replaceAll("_", "\uff3f"),
  (name) => [...name].join("\u200b"),
]

const before = [
  "",
  "/open/..",
  "/open/%2e%2e",
  "/open/.%2e",
  "/open/%252e%252e",
  "/open/..;",
  "/open/../.",
  "/open/x/../..",
  "//",
  "/\\",
  "/.",
  "/%2f",
  "/%00",
  "/open/%c0%ae%c0%ae",
  "/open/\u00ff/..",
  "http://127.0.0.1",
  "http://evil.example",
  "/open?x=/",
  "/open#",
  "/;",
  "/open/%0d%0a",
  "/~",
  "/open/..%2f",
  "/open/..%5c",
  "/%ef%bc%8e%ef%bc%8e",
  "/open/\t",
  "*",
  "/%",
  "/open%3f",
]

const after = [
  "",
  "/",
  "/.",
  "/..",
  "/x/..",
  "%00",
  "%20",
  ".",
  ";",
  "#x",
  "?x",
  "%23",
  "%3f",
  "/%2e",
  "\\",
  "%0a",
  "?channel=/closed/orders",
]

/** Without spaces and line ends, which would end the request line: then it is another attack. */
const asTarget = (name: string): string =>
  [...Buffer.from(name, "utf8")]
    .map((byte) => String.fromCharCode(byte))
    .join("")
    .replace(/[\r\n ]/g, "")

const names = 13_328
const linesAtOnce = 16

export const hostileNames: Attack = {
  name: "publishes under 13,328 names that try to be others",
  config: { limits: { publishesPerAddressPerSecond: 0 } },
  async run(server) {
    const targets: string[] = []
    for (const prefix of before)
      for (const name of guarded)
        for (const spell of spellings)
          for (const suffix of after) targets.push(asTarget(prefix + spell(name) + suffix))
    // Every so manyth, over all of them.
    const chosen = Array.from(
      { length: names },
      (_, at) => targets[Math.floor((at * targets.length) / names)] as string,
    )
    const findings: string[] = []
    let next = 0
    const line = async (): Promise<void> => {
      let connection: RawConnection | null = null
      while (next < chosen.length) {
        const target = chosen[next++] as string
        connection = await RawConnection.open(server.base)
        connection.send(
          Buffer.from(
            `POST ${target} HTTP/1.1\r\nHost: ${server.host}\r\n${viaLine}\r\nContent-Type: text/plain\r\nContent-Length: 8\r\nConnection: close\r\n\r\nsmuggled`,
            "latin1",
          ),
        )
        await connection.closed()
        const { text } = connection
        await connection[Symbol.asyncDispose]()
        const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0)
        // 505 is the runtime's word for a request line that is none.
        if (status >= 500 && status !== 505) findings.push(`${target} was answered ${status}`)
        const channel = /"channel":"([^"]*)"/.exec(text)?.[1]
        if (status === 201 && channel !== undefined && !channel.startsWith("/open"))
          findings.push(`${target} was published to ${channel}`)
      }
    }
    await Promise.all(Array.from({ length: linesAtOnce }, line))
    for (const channel of ["/closed/orders", "/news/a", "/@1001/inbox"])
      if ((await server.kept(channel)) > 0) findings.push(`${channel} has a message`)
    return findings.slice(0, 20)
  },
}
