// The command line as somebody types it who has not read all of it: one line says what is wrong, and no stack.
import { describe, expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ShopProcess } from "./shop-process.ts"

/** A guard against hanging. */
const deadlineMs = 60_000
const main = join(import.meta.dir, "../main.ts")

async function flashSale(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = {
    PATH: process.env["PATH"] ?? "",
    FLASH_SALE_LISTEN_SECRET: "of at least thirty-two characters",
    FLASH_SALE_PAYMENT_SECRET: "of the shop and its provider",
  }
  const child = Bun.spawn([process.execPath, main, ...args], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env,
  })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return { code: await child.exited, out, err }
}

describe("what is wrong is said in one line:", () => {
  test.each([
    [["--bogus"], "Unknown option '--bogus'"],
    [["serve", "--port", "http"], '--port is a port from 0 to 65535, not "http"'],
    [["serve", "--keep-days", "-1"], "Option '--keep-days' argument is ambiguous"],
    [["serve", "--keep-days", "ever"], '--keep-days is a whole number from 0 on, not "ever"'],
    [["serve", "--address-header", "X Real IP"], "--address-header: X Real IP is no header's name"],
    [["serve", "--jwt-issuer", "shop"], "tokens need both --jwt-issuer and --jwt-audience"],
    [["serve", "--jwks", "https://shop.example/keys"], "tokens need both --jwt-issuer and --jwt-audience"],
    [["serve", "--jwt-issuer", "shop", "--jwt-audience", "sale"], "set FLASH_SALE_JWT_KEY, or give --jwks"],
    [["serve", "--laba", "elsewhere"], '--laba is an address such as https://shop.example, not "elsewhere"'],
    [["serve", "--host", "0.0.0.0"], "others can reach 0.0.0.0, and anybody could pay without money"],
    [
      ["serve", "--host", "::", "--payments", "http://127.0.0.1:9"],
      "others can reach ::, and anybody could log in as",
    ],
    [
      ["serve", "--public-url", "http://shop.example"],
      "others can reach http://shop.example, and anybody could",
    ],
    [["payments", "--host", "0.0.0.0"], "others can reach 0.0.0.0, and anybody could pay without money"],
    [["--host", "0.0.0.0"], "others can reach 0.0.0.0, and anybody could pay without money"],
    // Shown, it is not started again and again.
    [["--webhook", "http://127.0.0.1:1/"], "set FLASH_SALE_WEBHOOK_SECRET"],
    [["verify"], "there are no books of a flash sale in"],
    [["audit", "s"], "there are no books of a flash sale in"],
  ] as const)(
    "%j",
    async (args, says) => {
      const directory = await mkdtemp(join(tmpdir(), "flash-sale-"))
      const ended = await flashSale(...args, "--data", directory)
      await rm(directory, { recursive: true, force: true })
      expect(ended.err).toContain(`flash-sale: ${says}`)
      expect(ended.err).toEndWith("(flash-sale --help)\n")
      expect(ended.err.trimEnd().split("\n")).toHaveLength(1)
      expect(ended.code).toBe(2)
    },
    deadlineMs,
  )
})

test(
  "an audit tells what is not drawn from what is not right, and a sale that is not there from both",
  async () => {
    await using shop = await ShopProcess.start()
    const sale = { title: "A sale", items: [{ id: "i", title: "A thing", stock: 1, price: 1 }] }
    const startsAt = Date.now()
    await shop.operator("POST", "/sales", { ...sale, id: "now", startsAt })
    const later = { startsAt: startsAt + 3_600_000, lobbyAt: startsAt, mode: "shuffle" }
    await shop.operator("POST", "/sales", { ...sale, ...later, id: "later" })
    const audit = (id: string) => flashSale("audit", id, "--url", shop.url)
    expect(await audit("now")).toMatchObject({
      code: 0,
      out: "now is first come, first served: nothing is drawn.\n",
    })
    expect(await audit("later")).toMatchObject({ code: 3, out: "later has not been drawn yet.\n" })
    expect(await audit("never")).toMatchObject({
      code: 1,
      err: `flash-sale: There is no sale never at ${shop.url}.\n`,
    })
  },
  deadlineMs,
)
