// [P11] What goes through our own client and commands: it hands on the text that was published.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import { join } from "node:path"
import { connect } from "../../client/index.ts"
import { FileAside } from "../../src/reactions/file-aside.ts"
import { FilePlace } from "../../src/reactions/file-place.ts"
import { react } from "../../src/reactions/react.ts"
import { printableJson } from "../../src/telemetry/printable.ts"
import { emptyFolder, LabaProcess } from "../cli/laba.ts"
import { Inbox } from "../support/inbox.ts"
import { freshChannel, type OwnServer, startServer } from "../support/server.ts"
import { bytesOf, type TestPayload, testPayloads } from "./payloads.ts"
import { expectedOn } from "./delivery-methods.ts"

setDefaultTimeout(60_000)

let server: OwnServer
beforeAll(async () => {
  server = await startServer({
    logTo: () => {},
    channels: { "/**": { history: { count: 50, bytes: "16MB", time: "10m" } } },
  })
})
afterAll(() => server[Symbol.asyncDispose]())

const publish = ({ data, type }: TestPayload, channel: string) => server.laba.publish(channel, data, { type })

/** Named by the payload, so that a failure says which. */
const shown = (payload: TestPayload, data: string | Uint8Array): string =>
  `${payload.name}: ${Buffer.from(bytesOf(data)).toString("latin1").slice(0, 400)}`

const expected = (payload: TestPayload): string => shown(payload, expectedOn("one line", payload))

for (const transport of ["websocket", "sse", "poll"] as const)
  test(`the client hands out the text by ${transport}`, async () => {
    const channel = freshChannel("client")
    const laba = connect(server.base, { transports: [transport] })
    const heard = new Inbox<string | Uint8Array>(transport)
    const listening = laba.channel(channel)
    listening.on("message", ({ text, data }) => heard.push(text ?? (data as Uint8Array)))
    await listening.ready()
    for (const payload of testPayloads) {
      await publish(payload, channel)
      expect(shown(payload, await heard.next())).toBe(expected(payload))
    }
    laba.close()
  })

test("a reaction that fell behind is given the text of what is still kept", async () => {
  const channel = freshChannel("behind")
  const few = testPayloads.slice(0, 20)
  await using folder = await emptyFolder()
  const place = new FilePlace(join(folder.path, "place.json"), { server: "s", channel })
  const first = await server.laba.publish(channel, "first")
  await place.save(first.cursor)
  for (let i = 0; i < 40; i++) await server.laba.publish(channel, "gone")
  for (const payload of few) await publish(payload, channel)
  const heard = new Inbox<string | Uint8Array>("reaction")
  const reacting = await react({
    url: server.base,
    channel,
    place,
    aside: new FileAside(join(folder.path, "aside")),
    reaction: async ({ text, data }) => heard.push(text ?? (data as Uint8Array)),
  })
  for (let text = await heard.next(); ; text = await heard.next())
    if (text !== "gone") {
      expect(shown(few[0] as TestPayload, text)).toBe(expected(few[0] as TestPayload))
      break
    }
  for (const payload of few.slice(1)) expect(shown(payload, await heard.next())).toBe(expected(payload))
  await reacting.stop(1000)
  reacting.close()
})

describe("the command line", () => {
  /** Those that are told apart by lines. */
  const lines = testPayloads.filter(({ kind, data }) => kind !== "bytes" && !/[\r\n]/.test(data as string))

  test("prints what was published, with --json also around it", async () => {
    const channel = freshChannel("printed")
    const from = ["--after", await tailOf(channel), "--count", String(lines.length)]
    await using plain = new LabaProcess(["subscribe", server.base + channel, ...from])
    await using json = new LabaProcess(["subscribe", server.base + channel, ...from, "--json"])
    for (const payload of lines) await publish(payload, channel)
    expect([await plain.ended(), await json.ended()]).toEqual([0, 0])
    const [printed, inJson] = [plain.out.split("\n"), json.out.split("\n")]
    for (const [index, payload] of lines.entries()) {
      expect(shown(payload, printed[index] ?? "")).toBe(expected(payload))
      const text = printableJson(
        payload.kind === "json" ? (payload.data as string) : JSON.stringify(payload.data),
      )
      expect(inJson[index]?.endsWith(`,"data":${text}}`)).toBe(true)
    }
  })

  test("runs a command with what was published, and posts it on", async () => {
    const channel = freshChannel("handed-on")
    await using folder = await emptyFolder()
    const posted = new Inbox<Uint8Array>("forward")
    const receiver = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch(request) {
        posted.push(new Uint8Array(await request.arrayBuffer()))
        return new Response()
      },
    })
    const out = join(folder.path, "out")
    const state = (name: string): string[] => ["--after", tail, "--state", join(folder.path, name)]
    const tail = await tailOf(channel)
    const exec = `cat >> "$OUT"; printf '\\n' >> "$OUT"`
    await using on = new LabaProcess(["on", server.base + channel, "--exec", exec, ...state("on")], {
      env: { OUT: out },
    })
    const to = `http://127.0.0.1:${receiver.port}/`
    await using forward = new LabaProcess(["forward", server.base + channel, "--to", to, ...state("forward")])
    const some = lines.filter(({ data }) => (data as string).length < 10_000)
    for (const payload of some) await publish(payload, channel)
    for (const payload of some) expect(shown(payload, await posted.next())).toBe(expected(payload))
    const written = async (): Promise<string[]> =>
      (
        await Bun.file(out)
          .text()
          .catch(() => "")
      ).split("\n")
    while ((await written()).length <= some.length) await Bun.sleep(20)
    for (const [index, line] of (await written()).slice(0, some.length).entries())
      expect(shown(some[index] as TestPayload, line)).toBe(expected(some[index] as TestPayload))
    expect([on.err, forward.err].join("")).not.toContain("failed")
    await receiver.stop(true)
  })
})

const tailOf = async (channel: string): Promise<string> =>
  (await fetch(server.base + channel, { method: "HEAD" })).headers.get("laba-cursor") ?? ""
