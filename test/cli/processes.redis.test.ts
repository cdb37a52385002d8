// One server of several processes: they share the port, hear each other over Redis, and one that is killed comes back.
import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { freePort } from "../../bench/peers/free-port.ts"
import { connect } from "../../client/index.ts"
import { Launched } from "../launcher/launched.ts"
import { eventually } from "../support/eventually.ts"
import { publish } from "../support/publish.ts"
import { RedisProcess } from "../support/redis-servers.ts"
import { openStompTcp } from "../support/stomp.ts"
import { emptyFolder, laba as run, LabaProcess } from "./laba.ts"

const main = join(import.meta.dir, "../../src/cli/main.ts")
const processes = 3
/** So many that none of three processes is likely to be without one. */
const clients = 24

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ").map(Number)

async function until(holds: () => boolean): Promise<void> {
  const giveUpAt = Date.now() + 45_000
  while (!holds()) {
    if (Date.now() > giveUpAt) throw new Error(`not within 45 s: ${holds}`)
    await Bun.sleep(20)
  }
}

test("they share a port, everybody hears everything, and who is killed is started again", async () => {
  await using redis = await RedisProcess.start()
  await using place = await emptyFolder()
  const args = [
    "serve",
    "--port",
    "0",
    "--engine",
    redis.url,
    "--processes",
    String(processes),
    "--node-name",
    "desk",
  ]
  await using launched = new Launched([process.execPath, main, ...args], { terminal: true, cwd: place.path })
  const [, base = ""] = await launched.until(/listening on (\S+) \(redis engine, 3 processes\)/)
  const before = childrenOf(launched.child.pid)
  expect(before).toHaveLength(processes)

  const heard: string[][] = Array.from({ length: clients }, () => [])
  const open = heard.map((texts) => {
    const laba = connect(base, { transports: ["websocket"] })
    const channel = laba.channel("/calls")
    channel.on("message", ({ data }) => void texts.push(String(data)))
    return { laba, subscribed: channel.ready() }
  })
  await Promise.all(open.map(({ subscribed }) => subscribed))
  const published: string[] = []
  const call = async (): Promise<void> => {
    const text = `number ${published.length + 1}`
    await publish(`${base}/calls`, text)
    published.push(text)
  }
  for (let each = 0; each < 20; each++) await call()
  await until(() => heard.every((texts) => texts.length === published.length))

  process.kill(before[1] as number, "SIGKILL")
  await launched.until(/process 2 has ended \(SIGKILL\); starting it again in 250 ms/)
  await until(() => childrenOf(launched.child.pid).length === processes)
  expect(childrenOf(launched.child.pid)).not.toEqual(before)
  for (let each = 0; each < 20; each++) await call()
  await until(() => heard.every((texts) => texts.length >= published.length))
  expect(heard.filter((texts) => texts.join() !== published.join())).toEqual([])

  await eventually(async () => {
    const { nodes } = (await (await fetch(`${base}/_/api/nodes`)).json()) as { nodes: { name: string }[] }
    expect(new Set(nodes.map(({ name }) => name))).toEqual(new Set(["desk-1", "desk-2", "desk-3"]))
  })

  for (const { laba } of open) laba.close()
  launched.child.kill("SIGTERM")
  expect(await launched.child.exited).toBe(0)
  await expect(fetch(base)).rejects.toThrow()
}, 120_000)

test("where everybody may come, all processes take the one key that is told", async () => {
  await using redis = await RedisProcess.start()
  await using place = await emptyFolder()
  const args = ["serve", "--port", "0", "--engine", redis.url, "--processes", "2", "--open"]
  await using server = new LabaProcess(args, { cwd: place.path })
  const [, base = ""] = await server.says(/listening on (\S+) /)
  const [key] = await server.says(/laba_run_\S+/)
  expect(server.said.match(/laba_run_/g)).toHaveLength(1)
  // A connection each, so that the kernel gives some to either process.
  const asked = Array.from({ length: clients }, async (_, index) => {
    const authorization = `Bearer ${key}`
    const headers = { connection: "close", ...(index % 4 > 0 && { authorization }) }
    return (await fetch(`${base}/_/api/nodes`, { headers })).status
  })
  expect(await Promise.all(asked)).toEqual(
    Array.from({ length: clients }, (_, index) => (index % 4 > 0 ? 200 : 401)),
  )
}, 120_000)

test("nobody shares a port with a stranger", async () => {
  await using redis = await RedisProcess.start()
  const stranger = Bun.serve({ port: 0, hostname: "127.0.0.1", reusePort: true, fetch: () => new Response() })
  const { port } = stranger
  const { code, err } = await run(["serve", "--port", `${port}`, "--engine", redis.url, "--processes", "2"])
  await stranger.stop(true)
  expect([code, err]).toEqual([
    1,
    `laba: port ${port} on 127.0.0.1 is in use; end what uses it, or choose another with --port\n`,
  ])
})

test("they share the port of STOMP over TCP, which has a number and is nobody else's", async () => {
  await using redis = await RedisProcess.start()
  await using place = await emptyFolder()
  const args = ["serve", "--port", "0", "--engine", redis.url, "--processes", "2"]
  const configure = (tcp: number) => Bun.write(join(place.path, "laba.yaml"), `stomp: { tcp: ${tcp} }\n`)
  await configure(0)
  expect(await run(args, { cwd: place.path })).toMatchObject({
    code: 2,
    err: "laba: stomp.tcp: processes share one port, and 0 would give each its own; name one (laba help serve)\n",
  })

  const port = freePort()
  await configure(port)
  {
    using stranger = Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } })
    expect(await run(args, { cwd: place.path })).toMatchObject({
      code: 1,
      err: `laba: port ${stranger.port} on 127.0.0.1 is in use; end what uses it, or choose another with stomp.tcp\n`,
    })
  }

  await using server = new LabaProcess(args, { cwd: place.path })
  await server.says(new RegExp(`2 processes, STOMP over TCP at port ${port}, laba\\.yaml`))
  const sessions = await Promise.all(
    Array.from({ length: clients }, async () => {
      await using client = await openStompTcp(port)
      return (await client.connect()).headers["session"]?.split("-")[0]
    }),
  )
  expect(new Set(sessions).size).toBe(2)
}, 120_000)

test("an engine of one process is refused", async () => {
  const { code, err } = await run(["serve", "--processes", "2"])
  expect([code, err]).toEqual([
    2,
    "laba: the engine memory lives in one process; --processes needs one such as redis://127.0.0.1:6379 (laba help serve)\n",
  ])
})
