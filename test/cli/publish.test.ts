import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { join } from "node:path"
import { freshChannel, startServer, type TestServer } from "../support/server.ts"
import { emptyFolder, laba } from "./laba.ts"

describe("laba publish", () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const newest = (channel: string) => fetch(server.base + channel)

  test("publishes text and prints the answer on one line", async () => {
    const channel = freshChannel()
    const { code, out, err } = await laba(["publish", channel, "number 42, 喇叭", "--url", server.base])
    expect([code, err]).toEqual([0, ""])
    expect(out.trimEnd()).not.toContain("\n")
    expect(JSON.parse(out)).toMatchObject({ channel, duplicate: false, listeners: 0 })
    expect(await (await newest(channel)).text()).toBe("number 42, 喇叭")
  })

  test("takes the address from LABA_URL, and a whole URL as the channel", async () => {
    const channel = freshChannel()
    const byEnvironment = await laba(["publish", channel, "a"], { env: { LABA_URL: `${server.base}/` } })
    const byUrl = await laba(["publish", server.base + channel, "b"])
    expect([byEnvironment.code, byUrl.code]).toEqual([0, 0])
    expect(await (await newest(channel)).text()).toBe("b")
  })

  test("prints what a server says without what a terminal would obey, whether it took the message or not", async () => {
    const hostile = "\u001b]0;owned\u0007 \u009b31mred"
    for (const status of [201, 500, 403]) {
      using stranger = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        fetch: () =>
          status === 403
            ? Response.json({ code: hostile, detail: hostile }, { status })
            : new Response(hostile, { status }),
      })
      const { out, err } = await laba(["publish", "/c", "x", "--url", `http://127.0.0.1:${stranger.port}`])
      expect([status, out + err]).toEqual([
        status,
        expect.stringContaining("\\u001b]0;owned\\u0007 \\u009b31mred"),
      ])
      expect(out + err).not.toMatch(/[^\P{Cc}\n]/u)
    }
  })

  test("publishes with a type and a key, and the key makes the second a repetition", async () => {
    const channel = freshChannel()
    const args = [
      "publish",
      channel,
      '{"a":1}',
      "--type",
      "application/json",
      "--key",
      "k1",
      "--url",
      server.base,
    ]
    const [first, second] = [await laba(args), await laba(args)]
    expect(JSON.parse(first.out).duplicate).toBe(false)
    expect(JSON.parse(second.out)).toMatchObject({ duplicate: true, cursor: JSON.parse(first.out).cursor })
    expect((await newest(channel)).headers.get("content-type")).toContain("application/json")
  })

  test("publishes a file's bytes with the type of its name, and standard input", async () => {
    await using folder = await emptyFolder()
    const channel = freshChannel()
    const bytes = Uint8Array.from([0, 255, 128, 10])
    await Bun.write(join(folder.path, "photo.png"), bytes)
    const options = { cwd: folder.path, env: { LABA_URL: server.base } }
    expect((await laba(["publish", channel, "--file", "photo.png"], options)).code).toBe(0)
    const answer = await newest(channel)
    expect(answer.headers.get("content-type")).toBe("image/png")
    expect(await answer.bytes()).toEqual(bytes)
    expect(
      (await laba(["publish", channel, "--file", "-"], { ...options, stdin: "from a pipe\n" })).code,
    ).toBe(0)
    expect(await (await newest(channel)).text()).toBe("from a pipe\n")
  })

  test("publishes what begins with a dash after --", async () => {
    const channel = freshChannel()
    expect((await laba(["publish", "--url", server.base, channel, "--", "--help"])).code).toBe(0)
    expect(await (await newest(channel)).text()).toBe("--help")
  })

  test("says the server's code and detail when it refuses", async () => {
    const { code, out, err } = await laba(["publish", "/a//b", "x", "--url", server.base])
    expect([code, out]).toEqual([1, ""])
    expect(err).toMatch(/^laba: bad_channel: .+\n$/)
  })

  test("says which server cannot be reached, or which file cannot be read", async () => {
    const unreachable = await laba(["publish", "/c", "x", "--url", "http://127.0.0.1:1"])
    expect(unreachable.code).toBe(1)
    expect(unreachable.err).toBe(
      "laba: cannot reach http://127.0.0.1:1: nothing listens there; is `laba serve` running?\n",
    )
    const unreadable = await laba(["publish", "/c", "--file", "/no/such/file", "--url", server.base])
    expect(unreadable.code).toBe(1)
    expect(unreadable.err).toMatch(/^laba: cannot read \/no\/such\/file: .+\n$/)
  })
})
