import { describe, expect, test } from "bun:test"
import { join } from "node:path"
import { emptyFolder, laba } from "./laba.ts"

const config = `engine: sqlite:./data
ingest:
  sale-results:
    redisStream: { url: "redis://:\${PASSWORD}@127.0.0.1:1", stream: results }
    to: /@{json.userId}/sales/{json.saleId}
    when: { json.status: [won, lost] }
    data: "{json.result}"
`
const env = { PASSWORD: "hush" }

const message = (file: string, more: Parameters<typeof laba>[1] = {}) =>
  laba(["ingest", "test", "sale-results", "--message", file], { env, ...more })

describe("laba ingest test", () => {
  test("shows where a message would go, and as what, byte for byte", async () => {
    await using folder = await emptyFolder()
    await Bun.write(join(folder.path, "laba.yaml"), config)
    const body = '{"userId":"7/x","saleId":1.0,"status":"won","result":{ "price": 1.00 }}'
    await Bun.write(join(folder.path, "body.json"), body)
    await Bun.write(join(folder.path, "message.json"), `{"key":"7","topic":"results","body":${body}}`)
    const { code, out, err } = await message("body.json", { cwd: folder.path })
    expect([code, err]).toEqual([0, ""])
    expect(out).toBe(
      'It would be published to\n  /@7%252Fx/sales/1.0\nas application/json, 17 bytes\n  { "price": 1.00 }\n',
    )
    expect(await message("message.json", { cwd: folder.path })).toEqual({ code, out, err })
    expect(await message("-", { cwd: folder.path, stdin: body })).toEqual({ code, out, err })
  })

  test("says why a message would be set aside or passed over", async () => {
    await using folder = await emptyFolder()
    await Bun.write(join(folder.path, "laba.yaml"), config)
    const wrong = await message("-", { cwd: folder.path, stdin: '{"status":"won"}' })
    expect(wrong.code).toBe(1)
    expect(wrong.out).toBe(
      "It would be set aside in /ingest/sale-results/dead:\n  The message has no {json.userId}.\n",
    )
    const over = await message("-", { cwd: folder.path, stdin: '{"status":"open"}' })
    expect(over).toMatchObject({ code: 0, out: expect.stringContaining("passed over") })
  })

  test("names what is missing", async () => {
    await using folder = await emptyFolder()
    await Bun.write(join(folder.path, "laba.yaml"), config)
    const unset = await laba(["ingest", "test", "sale-results", "--message", "-"], {
      cwd: folder.path,
      env: { PASSWORD: "" },
    })
    expect(unset).toMatchObject({ code: 1, err: expect.stringContaining("environment variable PASSWORD") })
    const unknown = await laba(["ingest", "test", "sales", "--message", "-"], { cwd: folder.path, env })
    expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining("there are sale-results") })
    expect((await laba(["ingest"], { cwd: folder.path, env })).code).toBe(2)
    const check = await laba(["check"], { cwd: folder.path, env })
    expect(check.out).toMatch(
      /ingest sale-results +Redis stream results at redis:\/\/127\.0\.0\.1:1 as laba, to .*; once/,
    )
    expect(check.out).not.toContain("hush")
  })
})
