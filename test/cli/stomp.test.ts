// What the commands say of STOMP: where it is spoken, and why it cannot be.
import { expect, test } from "bun:test"
import { join } from "node:path"
import { openStompTcp } from "../support/stomp.ts"
import { emptyFolder, laba, LabaProcess } from "./laba.ts"

async function withConfig(text: string) {
  const folder = await emptyFolder()
  await Bun.write(join(folder.path, "laba.yaml"), text)
  return { at: { cwd: folder.path }, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

test("`laba serve` says at which port it speaks STOMP over TCP", async () => {
  await using folder = await withConfig("listen: { port: 0 }\nstomp: { tcp: 0 }\n")
  await using run = new LabaProcess(["serve"], folder.at)
  const [, port] = await run.says(/\(memory engine, STOMP over TCP at port (\d+), laba\.yaml\)\n/)
  await using client = await openStompTcp(Number(port))
  expect((await client.connect()).headers["version"]).toBe("1.2")
})

test("a port of STOMP that is taken is named, and not that of HTTP", async () => {
  using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })
  await using folder = await withConfig(`listen: { port: 0 }\nstomp: { tcp: ${taken.port} }\n`)
  const { code, out, err } = await laba(["serve"], folder.at)
  expect([code, out]).toEqual([1, ""])
  expect(err).toBe(
    `laba: port ${taken.port} on 127.0.0.1 is in use; end what uses it, or choose another with stomp.tcp\n`,
  )
})

test("`laba check` shows where STOMP is spoken", async () => {
  await using none = await withConfig("{}")
  expect((await laba(["check"], none.at)).out).toMatch(/^stomp +\/_\/stomp; not over TCP$/m)
  await using folder = await withConfig("stomp: { tcp: 61613, paths: [/ws, /websocket] }\n")
  const { code, out } = await laba(["check"], folder.at)
  expect(code).toBe(0)
  expect(out).toMatch(/^stomp +\/_\/stomp, \/ws, \/websocket; over TCP on 127\.0\.0\.1 at port 61613$/m)
})

test("`laba check` shows where SockJS is spoken, and what it carries", async () => {
  await using folder = await withConfig(
    "sockjs: { paths: { /ws: stomp, /chat: { protocol: raw, channel: /room } } }\nstomp: { paths: [/ws] }\n",
  )
  const { code, out } = await laba(["check"], folder.at)
  expect(code).toBe(0)
  expect(out).toMatch(/^sockjs \/ws +stomp$/m)
  expect(out).toMatch(/^sockjs \/chat +raw, \/room$/m)
})

test.each([
  ["paths: [/ws, /chat, /ws]", "stomp.paths.2: /ws is there twice"],
  ['paths: ["/ws/*"]', "stomp.paths.0: is one path and no pattern: each is named"],
  ["tcp: 8080", "stomp.tcp: is the port of `listen` already"],
])("`laba check` and `laba serve` refuse stomp: { %s } in one line", async (stomp, problem) => {
  await using folder = await withConfig(`stomp: { ${stomp} }\n`)
  for (const command of ["check", "serve"]) {
    const { code, out, err } = await laba([command], folder.at)
    expect([code, out, err]).toEqual([1, "", `laba: laba.yaml: ${problem}\n`])
  }
})
