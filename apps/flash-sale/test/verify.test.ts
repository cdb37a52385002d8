// `flash-sale verify` as it is run by people: over the books and the channels of a shop whose Laba is another process.
import { expect, test } from "bun:test"
import { createHash } from "node:crypto"
import { type Laba, serve } from "laba"
import type { Verdict } from "../audit/verdict.ts"
import { ShopProcess, until } from "./shop-process.ts"

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

async function verified(shop: ShopProcess, ...args: string[]): Promise<{ exit: number; verdict: Verdict }> {
  const child = Bun.spawn(
    [
      process.execPath,
      `${import.meta.dir}/../main.ts`,
      "verify",
      "--json",
      "--data",
      shop.directory,
      ...args,
    ],
    { env: { PATH: process.env["PATH"] ?? "", ...env }, stdout: "pipe", stderr: "inherit" },
  )
  const verdict = JSON.parse(await new Response(child.stdout).text()) as Verdict
  return { exit: await child.exited, verdict }
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
  expect(await verified(shop)).toMatchObject({
    exit: 0,
    verdict: { channels: { read: 3, of: 3, behind: [] } },
  })

  const authorization = { Authorization: `Bearer ${key}` }
  await fetch(`${laba.url}/@ben/sales/s`, { method: "DELETE", headers: authorization })
  expect(await ben.poll("s")).toBeNull()
  // The operator's check is the one that also runs all the time: it has told again what it found missing.
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
