// `laba functions`: files of a folder own WebSockets, with Laba and a database beside them, and are loaded anew when they change.
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "bun:test"
import { LabaProcess, laba } from "../cli/laba.ts"
import { listenByRawSocket } from "../support/raw-socket.ts"

const example = join(import.meta.dir, "../../examples/functions")

const addressIn = (text: string): string => /laba listening on (\S+)/.exec(text)?.[1] ?? ""

test("the example calls numbers, with Laba and a database started by one command", async () => {
  const data = await mkdtemp(join(tmpdir(), "laba-functions-"))
  const args = ["functions", example, "--with-laba", "--port", "0", "--laba-port", "0", "--data", data]
  await using running = new LabaProcess(args)
  await running.says(/laba listening on/)
  const desk = `${addressIn(running.out)}/counter/1`
  const ann = await listenByRawSocket(`${desk}?name=Ann`)
  expect(await ann.next()).toMatchObject({ data: "You are number 1." })
  const bob = await listenByRawSocket(`${desk}?name=Bob`)
  expect(await bob.next()).toMatchObject({ data: "You are number 2." })
  bob.socket.send("hm")
  expect(await bob.next()).toMatchObject({ data: 'You are still number 2. Say "next" to call the next one.' })
  bob.socket.send("next")
  expect(await ann.next()).toMatchObject({ data: "It is your turn!" })
  expect(await ann.next()).toMatchObject({ data: "Number 1, Ann, please." })
  expect(await bob.next()).toMatchObject({ data: "Number 1, Ann, please." })
  const refused = await listenByRawSocket(`${desk}?name=${"x".repeat(41)}`)
  expect(await refused.next()).toMatchObject({ kind: "end" })
  await rm(data, { recursive: true, force: true })
}, 60_000)

test("a change is served without a restart, and a mistake changes nothing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "laba-functions-"))
  const write = (reply: string, more = "") =>
    writeFile(
      join(folder, "echo.ts"),
      `import { word } from "./inner/word.ts"
       export const pattern = "/echo/*"
       export const transport = ({ data }) => ({ reply: \`${reply} \${word} \${data}\` })\n${more}`,
    )
  const inner = async (word: string): Promise<void> => {
    await Bun.write(join(folder, "inner/word.ts"), `export const word: string = ${JSON.stringify(word)}`)
  }
  await inner("one")
  await write("first")
  await using running = new LabaProcess([
    "functions",
    folder,
    "--with-laba",
    "--port",
    "0",
    "--laba-port",
    "0",
  ])
  await running.says(/laba listening on/)
  const client = await listenByRawSocket(`${addressIn(running.out)}/echo/1`)
  const ask = async (text: string): Promise<unknown> => {
    client.socket.send(text)
    return (await client.next()) as unknown
  }
  expect(await ask("a")).toMatchObject({ data: "first one a" })
  await inner("two")
  await running.says(/functions loaded anew/)
  expect(await ask("b")).toMatchObject({ data: "first two b" })
  await write("broken", "export const x = ")
  await running.says(/the old functions go on/)
  expect(await ask("c")).toMatchObject({ data: "first two c" })
  await write("second")
  await running.says(/loaded anew[^]*loaded anew/)
  expect(await ask("d")).toMatchObject({ data: "second two d" })
  client.socket.close()
  await rm(folder, { recursive: true, force: true })
}, 60_000)

test("without Laba it says what to configure, and without a folder what is missing", async () => {
  await using running = new LabaProcess(["functions", example, "--port", "0"])
  await running.says(/for laba.yaml/)
  await running.says(/register: "http:\/\/127\.0\.0\.1:\d+\/counter"/)
  const missing = await laba(["functions", "/nowhere/at/all"])
  expect([missing.code, missing.err]).toEqual([1, expect.stringContaining("there is no folder")])
  expect((await laba(["functions"])).code).toBe(2)
}, 60_000)

test("a port that is taken is named, and nothing stays behind", async () => {
  using taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() })
  const port = String(taken.port)
  const functionsFailed = await laba([
    "functions",
    example,
    "--with-laba",
    "--port",
    port,
    "--laba-port",
    "0",
  ])
  expect([functionsFailed.code, functionsFailed.err]).toEqual([
    1,
    `laba: port ${port} is in use; choose another with --port\n`,
  ])
  const labaFailed = await laba(["functions", example, "--with-laba", "--port", "0", "--laba-port", port])
  expect([labaFailed.code, labaFailed.err]).toEqual([
    1,
    expect.stringContaining(`laba: port ${port} is in use; choose another with --laba-port\n`),
  ])
}, 60_000)

test("a call that is not signed is not let in where a secret is known", async () => {
  const secret = "a secret of more than thirty-two characters"
  await using running = new LabaProcess(["functions", example, "--port", "0", "--secret", secret])
  await running.says(/functions at/)
  const base = /functions at (http:\/\/[^:]+:\d+)/.exec(running.out)?.[1] ?? ""
  const call = await fetch(`${base}/counter`, {
    method: "POST",
    headers: { "ce-type": "laba.unregister", "ce-connection": "x", "laba-signature": "t=1,v1=00" },
    body: '{"code":1000,"reason":""}',
  })
  expect(call.status).toBe(400)
  const willing = await fetch(`${base}/counter`, {
    method: "OPTIONS",
    headers: { "webhook-request-origin": "laba" },
  })
  expect(willing.headers.get("webhook-allowed-origin")).toBe("laba")
}, 60_000)

test("what Laba would not send is refused in a word, and nothing of this machine or the source is shown", async () => {
  await using running = new LabaProcess(["functions", example, "--port", "0"])
  await running.says(/functions at/)
  const base = /functions at (http:\/\/[^:]+:\d+)/.exec(running.out)?.[1] ?? ""
  const event = { "ce-type": "laba.register", "ce-connection": "x" }
  const calls: readonly (readonly [path: string, init: RequestInit, status: number])[] = [
    ["/counter", { method: "POST", body: "{", headers: event }, 400],
    ["/counter", { method: "POST", body: "7", headers: event }, 400],
    ["/%", { method: "POST", body: "{}", headers: event }, 400],
    ["/%ff", { method: "OPTIONS" }, 400],
    ["/bun:info", {}, 405],
    ["/nobody", { method: "POST", body: "{}", headers: event }, 404],
  ]
  for (const [path, init, status] of calls) {
    const answer = await fetch(base + path, init)
    const text = await answer.text()
    expect([path, answer.status]).toEqual([path, status])
    expect(text.length).toBeLessThan(100)
    expect(text).not.toMatch(/<|function-server|node_modules/)
  }
}, 60_000)
