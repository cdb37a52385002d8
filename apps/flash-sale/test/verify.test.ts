// `flash-sale verify` as it is run by people: over the books and the channels of a shop whose Laba is another process.
import { Database } from "bun:sqlite"
import { expect, test } from "bun:test"
import { createHash } from "node:crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Laba, serve } from "laba"
import type { Verdict } from "../model/wire/api.ts"
import { type Buyer, ShopProcess, until } from "./shop-process.ts"

const key = "laba_shop_a-key-that-is-only-for-this-test"
const secret = "a secret of at least 32 characters"
const env = { FLASH_SALE_LABA_KEY: key, FLASH_SALE_LISTEN_SECRET: secret }

const startLaba = (): Promise<Laba> =>
  serve({
    listen: { port: 0 },
    keys: [
      {
        name: "shop",
        sha256: createHash("sha256").update(key).digest("hex"),
        publish: ["/@*/**", "/sales/*", "/sales-marker/*"],
        listen: ["/sales-marker/*", "/@*/sales/*"],
        manage: ["/@*/sales/*"],
      },
    ],
    tokens: { secret, issuer: "flash-sale", audience: "laba", inQuery: true },
    limits: { drainSeconds: 0 },
    channels: {
      "/@*/sales/*": { history: { count: 5, time: "1h" } },
      "/sales-marker/*": { history: { time: "24h" } },
    },
  })

async function command(...args: string[]): Promise<{ exit: number; said: string; complaint: string }> {
  const child = Bun.spawn([process.execPath, `${import.meta.dir}/../main.ts`, ...args], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdout: "pipe",
    stderr: "pipe",
  })
  const [said, complaint] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  return { exit: await child.exited, said, complaint }
}

async function verified(shop: ShopProcess, ...args: string[]): Promise<{ exit: number; verdict: Verdict }> {
  const { exit, said, complaint } = await command("verify", "--json", "--data", shop.directory, ...args)
  if (said === "") throw new Error(complaint)
  return { exit, verdict: JSON.parse(said) as Verdict }
}

/** All are told, and Laba is known to remember: from then on nobody is told again because of either. */
async function allTold(shop: ShopProcess, laba: Laba): Promise<void> {
  await until(
    async () =>
      (await fetch(`${laba.url}/sales-marker/s`, { headers: { Authorization: `Bearer ${key}` } })).status,
    (status) => status === 200,
  )
  await until(
    async () => (await fetch(`${shop.url}/metrics`)).text(),
    (text) => /^flash_sale_results_untold 0$/m.test(text),
  )
}

test("verify reads the channels too: it finds a forged result, has a lost one told again, and says when it cannot look", async () => {
  const laba = await startLaba()
  await using shop = await ShopProcess.start({ args: ["--laba", laba.url], env })
  await shop.operator("POST", "/sales", {
    id: "s",
    title: "A sale",
    startsAt: Date.now(),
    items: [{ id: "i", title: "A thing", stock: 2, price: 1 }],
  })
  for (const user of ["ann", "ben", "cleo"]) await (await shop.logIn(user)).enter("s")
  const ben = await shop.logIn("ben")
  const won = await until(
    () => ben.poll("s"),
    (record) => record?.state === "won",
  )
  for (const user of ["ann", "cleo"]) {
    const one = await shop.logIn(user)
    await until(
      () => one.poll("s"),
      (record) => record !== null && record.state !== "queued",
    )
  }
  await allTold(shop, laba)
  expect(await verified(shop)).toMatchObject({
    exit: 0,
    verdict: { channels: { read: 3, of: 3, behind: [] } },
  })

  const authorization = { Authorization: `Bearer ${key}` }
  await fetch(`${laba.url}/@ben/sales/s`, { method: "DELETE", headers: authorization })
  expect(await ben.poll("s")).toBeNull()
  // The operator's check has told again what it found missing.
  await shop.operator("POST", "/verify")
  expect(
    await until(
      () => ben.poll("s"),
      (record) => record !== null,
    ),
  ).toEqual(won)
  expect((await verified(shop)).exit).toBe(0)

  await fetch(`${laba.url}/@ben/sales/s`, {
    method: "POST",
    headers: { ...authorization, "Content-Type": "application/json" },
    body: JSON.stringify({ ...won, state: "sold_out", order: null }),
  })
  const forged = await verified(shop)
  expect(forged.exit).toBe(1)
  expect(forged.verdict.findings.I6).toEqual([
    "s.2 is shown as sold_out in version 2, and the books say won, pending",
  ])
  const told = (await (await shop.operator("POST", "/verify")).json()) as { verdict: Verdict }
  expect(told.verdict.findings.I6).toEqual(forged.verdict.findings.I6)
  expect(await (await fetch(`${shop.url}/metrics`)).text()).toContain('flash_sale_broken{invariant="I6"} 1')

  await laba.close()
  expect(await verified(shop)).toMatchObject({
    exit: 3,
    verdict: { channels: { failed: expect.any(String) } },
  })
  expect((await verified(shop, "--books")).exit).toBe(0)
}, 120_000)

test("channels that Laba lost are found and told again, however many tickets there are", async () => {
  const laba = await startLaba()
  await using _ = { [Symbol.asyncDispose]: () => laba.close() }
  await using shop = await ShopProcess.start({ args: ["--laba", laba.url], env })
  await shop.operator("POST", "/sales", {
    id: "s",
    title: "A sale",
    startsAt: Date.now(),
    items: [{ id: "i", title: "A thing", stock: 2, price: 1 }],
    reserve: 1000,
  })
  const crowd: Buyer[] = []
  for (let at = 0; at < 12; at++) {
    const some = Array.from({ length: 50 }, async (_, one) => {
      const buyer = await shop.logIn(`u${at * 50 + one}`)
      expect((await buyer.enter("s")).status).toBe(201)
      return buyer
    })
    crowd.push(...(await Promise.all(some)))
  }
  await until(
    async () => (await fetch(`${shop.url}/metrics`)).text(),
    (text) => /^flash_sale_waitlisted\S* 598$/m.test(text),
  )
  await allTold(shop, laba)
  const lost = crowd.slice(-3)
  for (const { user } of lost)
    await fetch(`${laba.url}/@${user}/sales/s`, {
      method: "DELETE",
      headers: { Authorization: `Bearer ${key}` },
    })
  for (const buyer of lost) expect(await buyer.poll("s")).toBeNull()
  await shop.operator("POST", "/verify")
  for (const buyer of lost)
    await until(
      () => buyer.poll("s"),
      (record) => record?.state === "waitlisted",
    )
}, 120_000)

test("books that cannot be read are named, and are no broken promise", async () => {
  const directory = await mkdtemp(join(tmpdir(), "flash-sale-damaged-"))
  const path = join(directory, "ledger.sqlite")
  try {
    await writeFile(path, "this is not a ledger, ".repeat(1000))
    for (const args of [["verify"], ["verify", "--json"], ["audit", "s"]]) {
      const { exit, said, complaint } = await command(...args, "--data", directory)
      expect({ exit, said, complaint }).toEqual({
        exit: 4,
        said: "",
        complaint: `flash-sale: ${path} cannot be read as the books of a flash sale: file is not a database\n`,
      })
    }
    const served = await command("serve", "--port", "0", "--data", directory)
    expect(served.exit).toBe(1)
    expect(served.complaint).toContain(path)
    // A sound file that is another program's.
    await rm(path)
    new Database(path).run("CREATE TABLE unrelated (n)")
    expect(await command("verify", "--data", directory)).toMatchObject({
      exit: 4,
      complaint: expect.stringContaining(path),
    })
  } finally {
    await rm(directory, { recursive: true })
  }
}, 60_000)
