// The vote itself, without nodes: each asks as a node would, and lives of Redis end without a restart.
import { expect, test } from "bun:test"
import { RedisProcess } from "../../../test/support/redis-servers.ts"
import { scripts } from "./scripts.ts"

const leaseMs = 60_000

/** What a node has learned, as in restart-vote.ts. */
class Voter {
  life = ""
  generation = ""
  seen = 0
  votedIn = ""
  private readonly redis: RedisProcess
  private readonly name: string

  constructor(redis: RedisProcess, name: string) {
    this.redis = redis
    this.name = name
  }

  async ask(): Promise<string> {
    const keys = ["ledger", "lives", "voters", "votes"]
    const known = [this.life, String(this.seen), this.generation, this.votedIn]
    const args = [crypto.randomUUID(), this.name, ...known, String(leaseMs), "0"]
    const reply = await this.redis.command("EVAL", scripts.restartVote.lua, "4", ...keys, ...args)
    const [standing = "", life = "", generation = "", count] = reply as string[]
    if (standing === "settled") Object.assign(this, { life, generation, seen: Number(count), votedIn: "" })
    else this.votedIn = life
    return standing
  }
}

async function start() {
  const redis = await RedisProcess.start({ config: { save: '""', "enable-debug-command": "yes" } })
  const [a, b] = [new Voter(redis, "a"), new Voter(redis, "b")]
  return {
    a,
    b,
    /** So many messages are counted. */
    count: (count: number) => redis.command("HSET", "ledger", "count", String(count)),
    /** A node is away for longer than its lease. */
    forget: (name: string) => redis.command("ZREM", "voters", name),
    /** As a restart does it. */
    newLife: () => redis.command("DEBUG", "CHANGE-REPL-ID"),
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  }
}

test("[K10] a node that has voted, and hears of another restart before it hears the outcome, resets nobody", async () => {
  await using t = await start()
  const { a, b } = t
  expect([await a.ask(), await b.ask()]).toEqual(["settled", "settled"])
  const { generation } = a
  for (let restart = 1; restart <= 3; restart++) {
    await t.newLife()
    // The last who votes is the first who knows.
    expect([await b.ask(), await a.ask()]).toEqual(["waiting", "settled"])
    // What is accepted from there on, it may hear of.
    await t.count(restart)
    a.seen = b.seen = restart
  }
  expect(await b.ask()).toBe("settled")
  expect([a.generation, b.generation]).toEqual([generation, generation])
})

/** After a restart `b` has voted and `a` has heard the outcome, which is that the numbering goes on. */
async function startBehind() {
  const t = await start()
  await t.a.ask()
  await t.b.ask()
  await t.newLife()
  expect([await t.b.ask(), await t.a.ask()]).toEqual(["waiting", "settled"])
  return { ...t, generation: t.a.generation }
}

test("[K10] so it is when the others have agreed without it by then", async () => {
  await using t = await startBehind()
  await t.forget("b")
  await t.newLife()
  expect([await t.a.ask(), await t.b.ask()]).toEqual(["settled", "settled"])
  expect([t.a.generation, t.b.generation]).toEqual([t.generation, t.generation])
})

test("[K10] what such a node has heard meanwhile must be there, too", async () => {
  await using t = await startBehind()
  t.b.seen = 1
  await t.newLife()
  await t.b.ask()
  expect(t.b.generation).not.toBe(t.generation)
})

test("[K10] a node that has not voted may have seen more than was there: it resets", async () => {
  await using t = await startBehind()
  t.b.votedIn = ""
  t.b.seen = 1
  await t.count(1)
  await t.newLife()
  await t.b.ask()
  expect(t.b.generation).not.toBe(t.generation)
})
