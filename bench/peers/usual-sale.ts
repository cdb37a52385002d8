// The usual flash sale, in its good form, to compare with: stock, one-per-user and queue in Redis, changed by one script;
// a worker that writes orders and sets each buyer's result, which pages poll. Started as `usual-sale.ts desk|worker DIR`.
// It verifies logins and buy tokens as ours does. It has no deadlines, no wait-list, no payment and no push.
import { Database } from "bun:sqlite"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Redis } from "ioredis"
import { DemoLogin } from "../../apps/flash-sale/http/login.ts"
import { isBuyToken } from "../../apps/flash-sale/admission/buy-token.ts"
import { TextSigner } from "../../apps/flash-sale/admission/text-signer.ts"

const [, , part, directory = ""] = process.argv

// Commands of one turn travel together: without it each click would be a write and a read of its own.
const redis = new Redis({ path: join(directory, "redis.sock"), enableAutoPipelining: true })

/** Stock, one ticket a user, and the queue: in one step, or a death between two of them loses a unit. */
const enter = `
if redis.call('SADD', 'buyers', ARGV[1]) == 0 then return -1 end
local left = redis.call('DECR', 'stock')
if left < 0 then
  redis.call('INCR', 'stock')
  redis.call('SREM', 'buyers', ARGV[1])
  return -2
end
redis.call('XADD', 'queue', '*', 'user', ARGV[1])
return left`

/** Orders in one transaction. */
const batchMax = 500

if (part === "desk") await desk()
else await worker()

async function desk(): Promise<void> {
  const seal = new TextSigner(readFileSync(join(directory, "secret"), "utf8"))
  const login = new DemoLogin(seal)
  const script = (await redis.script("LOAD", enter)) as string
  const answered = (status: number, body: unknown): Response =>
    new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } })
  const server = Bun.serve({
    development: false,
    reusePort: false,
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const credential = request.headers.get("authorization")?.slice(7) ?? ""
      const user = login.userOf(credential, Date.now())
      if (user === null) return answered(401, { code: "unauthorized" })
      const token = request.headers.get("buy-token") ?? ""
      if (!isBuyToken(seal, token, { user, sale: "bench", had: 0 }, Date.now()))
        return answered(403, { code: "BAD_TOKEN" })
      const left = (await redis.evalsha(script, 0, user)) as number
      if (left === -1) return answered(409, { code: "ALREADY_IN" })
      if (left === -2) return answered(410, { code: "SOLD_OUT" })
      return answered(201, { sale: "bench", state: "queued", left })
    },
  })
  console.log(server.port)
}

async function worker(): Promise<void> {
  const orders = new Database(join(directory, "orders.sqlite"), { create: true, strict: true })
  orders.run("PRAGMA journal_mode = WAL")
  orders.run("PRAGMA synchronous = FULL")
  orders.run("CREATE TABLE orders (id INTEGER PRIMARY KEY, user TEXT NOT NULL UNIQUE, at INTEGER NOT NULL)")
  const insert = orders.prepare("INSERT OR IGNORE INTO orders (user, at) VALUES (?, ?)")
  const write = orders.transaction((users: readonly string[]) => {
    for (const user of users) insert.run(user, Date.now())
  })
  await redis.xgroup("CREATE", "queue", "workers", "0", "MKSTREAM")
  console.log("ready")
  for (;;) {
    const read = (await redis.xreadgroup(
      "GROUP",
      "workers",
      "one",
      "COUNT",
      batchMax,
      "BLOCK",
      1000,
      "STREAMS",
      "queue",
      ">",
    )) as [stream: string, entries: [id: string, fields: string[]][]][] | null
    const entries = read?.[0]?.[1] ?? []
    if (entries.length === 0) continue
    const users = entries.map(([, fields]) => fields[1] as string)
    write(users)
    const pipeline = redis.pipeline()
    for (const user of users) pipeline.set(`result:${user}`, '{"state":"won"}', "EX", 3600)
    const ids = entries.map(([id]) => id)
    await pipeline.xack("queue", "workers", ...ids).exec()
  }
}
