// Defects of processes that were read in the code of other flash sales, and of those that come and go in crowds: work done
// twice, done by halves, or done by two at once; each as a test that ours does not have it.
import { expect, test } from "bun:test"
import { connect, type Laba } from "laba/client"
import type { TicketRecord } from "../model/wire/api.ts"
import { ShopProcess, until } from "./shop-process.ts"
import { World } from "./world.ts"

const states = (world: World) => [...world.sale.book.tickets].map((ticket) => ticket.state)
const outboxRows = (world: World): number =>
  (world.database.query("SELECT count(*) AS n FROM outbox").get() as { n: number }).n

test("a ticket that was decided is not decided again by the process after", async () => {
  using world = new World()
  for (const user of ["ann", "ben"]) await world.admitted(user)
  await world.work()
  const before = outboxRows(world)
  for (let life = 0; life < 3; life++) {
    world.revive()
    await world.work()
  }
  expect(outboxRows(world)).toBe(before)
  expect([...world.sale.book.tickets].map(({ version }) => version)).toEqual([2, 2])
  expect(world.sale.book.items[0]!.counts).toMatchObject({ held: 2 })
  expect(world.findings()).toEqual([])
})

test("a batch whose writer dies in the middle is decided whole by the next, and once", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 20, price: 100 }], reserve: 100 })
  for (let user = 0; user < 30; user++) await world.admitted(`u${user}`)
  let orders = 0
  world.onStep = (step) => {
    if (step.startsWith("INSERT INTO orders") && ++orders === 10) world.dieAfter(0)
  }
  await world.work()
  expect(world.isDead).toBe(true)
  world.onStep = () => {}
  world.revive()
  expect(states(world)).toEqual(Array.from({ length: 30 }, () => "queued"))
  await world.work()
  expect(states(world).filter((state) => state === "won")).toHaveLength(20)
  expect(world.findings()).toEqual([])
})

test("a crowd at one item is decided in a few transactions, not in one each", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 200, price: 100 }], reserve: 1000 })
  for (let user = 0; user < 1000; user++) {
    const name = `u${user}`
    void world.admission.enter({
      user: name,
      item: null,
      key: "k",
      token: world.admission.token(name) as string,
    })
  }
  let commits = 0
  world.onStep = (step) => {
    if (step === "decide: committed") commits += 1
  }
  await world.work()
  expect(states(world).filter((state) => state === "won")).toHaveLength(200)
  expect(states(world).filter((state) => state === "queued")).toEqual([])
  expect(commits).toBeLessThan(10)
})

test("a process that was frozen and goes on has lost its books to nobody: there are never two who decide", async () => {
  await using shop = await ShopProcess.start()
  await shop.operator("POST", "/sales", {
    id: "s",
    title: "A sale",
    startsAt: Date.now(),
    items: [{ id: "i", title: "A thing", stock: 2, price: 1 }],
  })
  const ann = await shop.logIn("ann")
  const ben = await shop.logIn("ben")
  expect((await ann.enter("s")).status).toBe(201)
  process.kill(shop.pid, "SIGSTOP")
  try {
    const second = Bun.spawn(
      [process.execPath, `${import.meta.dir}/../main.ts`, "serve", "--data", shop.directory, "--port", "0"],
      { stdout: "ignore", stderr: "pipe", env: { PATH: process.env["PATH"] ?? "" } },
    )
    expect(await second.exited).not.toBe(0)
    expect(await new Response(second.stderr).text()).toContain("belongs to another running flash sale")
  } finally {
    process.kill(shop.pid, "SIGCONT")
  }
  expect((await ben.enter("s")).body).toMatchObject({ number: 2 })
  await until(
    () => ben.poll("s"),
    (record) => record?.state === "won",
  )
  expect(shop.findings()).toEqual([])
}, 60_000)

test("a crowd that comes back after a kill hears what it missed from Laba's memory, and is not told again one by one", async () => {
  await using shop = await ShopProcess.start()
  await shop.operator("POST", "/sales", {
    id: "s",
    title: "A sale",
    startsAt: Date.now(),
    items: [{ id: "i", title: "A thing", stock: 1, price: 1 }],
  })
  const crowd = await Promise.all(Array.from({ length: 60 }, (_, at) => shop.logIn(`u${at}`)))
  const connections: Laba[] = []
  const heard = new Map<string, TicketRecord[]>()
  for (const one of crowd) {
    const records: TicketRecord[] = []
    heard.set(one.user, records)
    const connection = connect(shop.labaUrl, {
      token: () => one.listenToken,
      backoff: { minMs: 50, maxMs: 500 },
    })
    connections.push(connection)
    const channel = connection.channel(`/@${one.user}/sales/s`)
    channel.on("message", ({ data }) => records.push(data as TicketRecord))
    channel.on("reset", () => records.push({ reset: true } as unknown as TicketRecord))
    await channel.ready()
  }
  for (const one of crowd) expect((await one.enter("s")).status).toBe(201)
  const won = await until(
    async () => crowd.find(({ user }) => heard.get(user)?.at(-1)?.state === "won"),
    (one) => one !== undefined,
  )
  const { body } = await won!.ask("POST", "/sales/s/order/pay")
  await fetch(body["payUrl"] as string, { method: "POST" })
  const ended = async () =>
    [...heard.values()].filter((records) => {
      const last = records.at(-1)
      return last?.state === "sold_out" || last?.order?.state === "paid"
    }).length
  await until(ended, (count) => count === 60)
  // Laba has been found to have a memory, and what was sent is noted.
  await until(
    async () => (await fetch(`${shop.labaUrl}/sales-marker/s`)).status,
    (status) => status === 200,
  )
  await until(
    async () => shop.unsent(),
    (rows) => rows === 0,
  )
  // What is told twice before the kill is not told again because of it.
  const lengths = () => [...heard.values()].map((records) => records.length)
  let before = lengths()
  await until(
    async () => {
      const last = before
      await Bun.sleep(1000)
      before = lengths()
      return before.join() === last.join()
    },
    (quiet) => quiet,
  )
  await shop.kill()
  await shop.start()
  await until(
    async () => connections.filter(({ state }) => state === "open").length,
    (open) => open === 60,
    60_000,
  )
  for (const one of crowd) expect((await one.poll("s"))?.state).toMatch(/won|sold_out/)
  const metrics = await (await fetch(`${shop.url}/metrics`)).text()
  expect(metrics).toContain("flash_sale_results_told_total 0\n")
  expect(lengths()).toEqual(before)
  for (const connection of connections) connection.close()
}, 90_000)
