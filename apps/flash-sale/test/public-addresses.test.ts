// A shop that is reached under other addresses than those at which it listens: what it tells buyers they can reach.
import { expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ShopProcess, until } from "./shop-process.ts"

const main = join(import.meta.dir, "../main.ts")

/** A guard against hanging. */
const testMsMax = 120_000

const https = ["--public-url", "https://shop.example"]
const labaByHttps = ["--public-laba", "https://laba.example"]
const payByHttps = ["--public-payments", "https://pay.example/"]

const sale = {
  id: "s",
  title: "A sale",
  startsAt: Date.now(),
  items: [{ id: "i", title: "A thing", stock: 1, price: 100 }],
}

test.each([
  ["public-laba", [...https, ...payByHttps]],
  ["public-payments", [...https, ...labaByHttps]],
])(
  "pages by https with no https for --%s are refused at the start",
  async (flag, args) => {
    const folder = await mkdtemp(join(tmpdir(), "flash-sale-public-"))
    const child = Bun.spawn(
      [process.execPath, main, "serve", "--data", folder, "--port", "0", "--cold", ...args],
      { stdout: "ignore", stderr: "pipe", env: { PATH: process.env["PATH"] ?? "" } },
    )
    expect(await child.exited).toBe(2)
    expect(await new Response(child.stderr).text()).toStartWith(`flash-sale: --${flag}: `)
    await rm(folder, { recursive: true, force: true })
  },
  testMsMax,
)

test(
  "behind a proxy buyers get its addresses, and a cookie for https alone, whatever it makes of the Host",
  async () => {
    await using shop = await ShopProcess.start({ args: [...https, ...labaByHttps, ...payByHttps, "--open"] })
    await shop.operator("POST", "/sales", sale)
    const own = new URL(shop.url).host
    for (const headers of [
      { Host: "shop.example", Origin: "https://shop.example" },
      { Host: own, Origin: "https://shop.example" },
      { Host: own, "X-Forwarded-For": "192.0.2.1" },
    ]) {
      const answer = await fetch(`${shop.url}/api/login`, {
        method: "POST",
        headers: headers as Record<string, string>,
        body: JSON.stringify({ user: "ann" }),
      })
      expect([headers, answer.status]).toEqual([headers, 200])
      expect(answer.headers.get("set-cookie")).toEndWith("; Secure")
    }
    const page = await fetch(`${shop.url}/sales/s`, { headers: { Host: "shop.example" } })
    expect(page.headers.get("content-security-policy")).toContain(
      "connect-src 'self' https://laba.example wss://laba.example;",
    )
    const shown = (await (await fetch(`${shop.url}/api/sales/s`)).json()) as { listen: { laba: string } }
    expect(shown.listen.laba).toBe("https://laba.example")
    const ann = await shop.logIn("ann")
    expect((await ann.enter("s")).status).toBe(201)
    const { body } = await until(
      () => ann.ask("POST", "/sales/s/order/pay"),
      ({ status }) => status === 200,
    )
    expect(body["payUrl"]).toStartWith("https://pay.example/pay/")
  },
  testMsMax,
)

test(
  "listening everywhere it names addresses that lead somewhere",
  async () => {
    await using shop = await ShopProcess.start({ args: ["--host", "0.0.0.0", "--open"] })
    for (const url of [shop.url, shop.labaUrl, shop.paymentsUrl])
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect((await fetch(shop.url)).status).toBe(200)
  },
  testMsMax,
)
