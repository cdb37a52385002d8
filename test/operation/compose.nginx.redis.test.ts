// What deploy/compose.yaml starts, without Docker: its three nodes with their own commands and configuration, a Redis, and
// nginx with the snippets that are mounted. A node is killed in the middle.
import { afterAll, beforeAll, expect, test } from "bun:test"
import { chmod, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parse } from "yaml"
import { freePort } from "../../bench/peers/free-port.ts"
import { connect } from "../../client/index.ts"
import { makeKey } from "../../src/access/credentials/keys.ts"
import { eventually } from "../support/eventually.ts"
import { RedisProcess } from "../support/redis-servers.ts"
import { accessLogPath } from "../support/nginx.ts"
import { type ServerProcess, startProcess } from "../support/process.ts"
import { readText } from "../tree.ts"

const { services } = parse(readText("deploy/compose.yaml"), { merge: true }) as {
  services: Record<string, { command: string[] }>
}
const names = Object.keys(services).filter((name) => name.startsWith("laba-"))
const key = makeKey("operator")

let redis: RedisProcess
let nodes: ServerProcess[] = []
let nginx: Bun.Subprocess
let folder = ""
let base = ""

async function until(holds: () => Promise<boolean> | boolean, what: string): Promise<void> {
  const giveUpAt = Date.now() + 45_000
  while (!(await holds())) {
    if (Date.now() > giveUpAt) throw new Error(`not within 45 s: ${what}`)
    await Bun.sleep(20)
  }
}

beforeAll(async () => {
  redis = await RedisProcess.start()
  const config = parse(readText("deploy/cluster/laba.yaml")) as Record<string, unknown>
  const { keys } = config as { keys: { sha256: string }[] }
  const started = names.map(async (name) => {
    const [serve, ...args] = services[name]?.command ?? []
    expect(serve).toBe("serve")
    const port = freePort()
    return startProcess({
      port,
      // Docker's names are this machine here.
      args: args.map((arg) => (arg.startsWith("http:") ? `http://127.0.0.1:${port}` : arg)),
      config: {
        ...config,
        engine: redis.url,
        proxies: ["127.0.0.1"],
        keys: keys.map((one) => ({ ...one, sha256: key.sha256 })),
      } as never,
    })
  })
  nodes = await Promise.all(started)
  folder = await mkdtemp(join(tmpdir(), "laba-compose-"))
  await chmod(folder, 0o755)
  const port = freePort()
  base = `http://127.0.0.1:${port}`
  let upstream = readText("deploy/cluster/upstream.conf").replace(/^ *resolver .*$/m, "")
  for (const [at, name] of names.entries()) {
    expect(upstream).toContain(`server ${name}:8080 resolve;`)
    upstream = upstream.replace(`server ${name}:8080 resolve;`, `server 127.0.0.1:${nodes[at]?.port};`)
  }
  const snippet = readText("deploy/nginx/laba.conf")
    .replace("listen 80;", `listen 127.0.0.1:${port};`)
    .replace(accessLogPath, `${folder}/access.log`)
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  await Bun.write(
    join(folder, "nginx.conf"),
    `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log; events {}
     http { access_log off; ${places.join(" ")} ${upstream} ${snippet} }`,
  )
  nginx = Bun.spawn(
    [process.env["LABA_NGINX"] ?? "nginx", "-c", join(folder, "nginx.conf"), "-e", join(folder, "error.log")],
    { stderr: "inherit" },
  )
  await until(async () => (await fetch(`${base}/_/live`).catch(() => null))?.ok === true, "nginx answers")
}, 90_000)

afterAll(async () => {
  nginx?.kill()
  await nginx?.exited
  for (const node of nodes) await node[Symbol.asyncDispose]()
  await redis?.[Symbol.asyncDispose]()
  if (folder) await rm(folder, { recursive: true })
})

test("three nodes are one server behind the balancer, also when one of them is killed", async () => {
  const clients = Array.from({ length: 12 }, (_, index) => {
    const texts: string[] = []
    const laba = connect(base, { transports: [index % 2 === 0 ? "websocket" : "sse"] })
    const channel = laba.channel("/calls")
    channel.on("message", ({ data }) => void texts.push(String(data)))
    return { laba, texts, ready: channel.ready() }
  })
  await Promise.all(clients.map(({ ready }) => ready))
  const published: string[] = []
  /** As a backend does: again, with the same key, until somebody says that it was published. */
  const call = async (): Promise<void> => {
    const text = `number-${published.length + 1}`
    await until(async () => {
      const answer = await fetch(`${base}/calls`, {
        method: "POST",
        headers: { authorization: `Bearer ${key.text}`, "idempotency-key": text },
        body: text,
      })
      if (answer.status < 500 && !answer.ok) throw new Error(await answer.text())
      return answer.ok
    }, `${text} is published`)
    published.push(text)
  }
  for (let each = 0; each < 12; each++) await call()
  await until(() => clients.every(({ texts }) => texts.length === published.length), "all heard the first")
  await eventually(async () => {
    const listed = await fetch(`${nodes[0]?.base}/_/api/nodes`, {
      headers: { authorization: `Bearer ${key.text}` },
    })
    const { nodes: entries } = (await listed.json()) as { nodes: { name: string }[] }
    expect(entries.map(({ name }) => name).sort()).toEqual(names)
  })

  await nodes[1]?.killHard()
  for (let each = 0; each < 12; each++) await call()
  await until(() => clients.every(({ texts }) => texts.length >= published.length), "all heard the rest")
  expect(clients.filter(({ texts }) => texts.join() !== published.join())).toEqual([])
  for (const { laba } of clients) laba.close()
}, 120_000)
