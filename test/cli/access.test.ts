// The whole way, as a newcomer goes it: make a key, put it into the config, make a token, ask what they may.
import { describe, expect, test } from "bun:test"
import { join } from "node:path"
import { emptyFolder, laba, LabaProcess } from "./laba.ts"

const secret = "a secret of at least 32 bytes for the tests"

describe("laba key new", () => {
  test("prints a key that the lines it prints let in", async () => {
    await using folder = await emptyFolder()
    const made = await laba(["key", "new", "shop", "--publish", "/orders/** /news"], { cwd: folder.path })
    expect([made.code, made.out]).toEqual([0, expect.stringMatching(/^laba_shop_[\w-]{43}\n$/)])
    const lines = made.err.slice(made.err.indexOf("keys:\n"))
    expect(made.err).not.toContain(made.out.trim())
    await Bun.write(join(folder.path, "laba.yaml"), lines)
    const asked = await laba(["check", "--as", made.out.trim(), "/orders/42"], { cwd: folder.path })
    expect([asked.code, asked.err]).toEqual([0, ""])
    expect(asked.out).toContain("The key shop, at /orders/42:")
    expect(asked.out).toMatch(
      /^yes +publish +Publishing to \/orders\/42 is allowed: the scope `publish` of the key shop has it\.$/m,
    )
    expect(asked.out).toMatch(
      /^no +listen +Listening to \/orders\/42 is refused: the scope `listen` of the key shop does not have it\.$/m,
    )
  })

  test("says what is wrong with a name or a pattern", async () => {
    for (const [args, says] of [
      [["key"], "laba key new <name>"],
      [["key", "old", "x"], "unknown command old"],
      [["key", "new"], "needs a name"],
      [["key", "new", "My Shop", "--publish", "/a"], "needs a name"],
      [["key", "new", "shop"], "may do nothing"],
      [["key", "new", "shop", "--publish", "orders"], "--publish: not a pattern"],
    ] as const) {
      const { code, out, err } = await laba(args)
      expect([args, code, out]).toEqual([args, 2, ""])
      expect(err).toContain(says)
    }
  })
})

describe("laba token new", () => {
  test("makes a token that check explains, by the configured secret", async () => {
    await using folder = await emptyFolder()
    const config = `tokens: { secret: "${secret}", issuer: shop, audience: [laba, x] }\nchannels: { "/news/*": { publish: nobody } }\n`
    await Bun.write(join(folder.path, "laba.yaml"), config)
    const made = await laba(["token", "new", "--user", "1001", "--listen", "/@me/** /news/*"], {
      cwd: folder.path,
    })
    expect([made.code, made.err]).toEqual([0, ""])
    await Bun.write(join(folder.path, "token.jwt"), made.out)
    const ask = async (who: string, channel: string) =>
      (await laba(["check", "--as", who, channel], { cwd: folder.path })).out
    expect(await ask("token.jwt", "/@me/orders")).toMatch(
      /^A token of the user "1001", good for \d+ seconds more, at \/@1001\/orders:$/m,
    )
    expect(await ask("token.jwt", "/@me/orders")).toMatch(
      /^yes +listen +.* the rule \/@\*\/\*\* says `owner`, and the token's `channels` has it under `listen`\.$/m,
    )
    expect(await ask("token.jwt", "/@1002/orders")).toMatch(/^no +listen +.* the owner is another user\.$/m)
    expect(await ask("token.jwt", "/news/today")).toMatch(
      /^no +publish +.* the rule \/news\/\* says `nobody`\.$/m,
    )
    expect(await ask("anyone", "/news/today")).toMatch(/^no +listen +.* no credential was shown\.$/m)
  })

  test("takes a secret from a file, and none that is too short or not there", async () => {
    await using folder = await emptyFolder()
    await Bun.write(join(folder.path, "secret.txt"), `${secret}\n`)
    await Bun.write(join(folder.path, "short.txt"), "hunter2")
    const made = await laba(
      ["token", "new", "--user", "1001", "--secret-file", "secret.txt", "--expires", "5m"],
      { cwd: folder.path },
    )
    const checked = await laba(["check", "--as", made.out.trim(), "/@1001/x"], {
      cwd: folder.path,
      env: { LABA_TOKEN_SECRET: secret },
    })
    expect(checked.out).toMatch(/^yes +listen/m)
    for (const [args, says] of [
      [["--secret-file", "short.txt"], "less than 32 bytes"],
      [["--secret-file", "none.txt"], "cannot read none.txt"],
      [[], "LABA_TOKEN_SECRET"],
    ] as const) {
      const { code, err } = await laba(["token", "new", "--user", "1001", ...args], { cwd: folder.path })
      expect([args, code]).toEqual([args, 1])
      expect(err).toContain(says)
      expect(err).not.toContain("hunter2")
    }
  })
})

test("laba check --as says why a credential is not accepted, and repeats nothing of it", async () => {
  await using folder = await emptyFolder()
  const env = { LABA_TOKEN_SECRET: secret }
  const wrong = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from('{"sub":"1001"}').toString("base64url")}.`
  const { code, err } = await laba(["check", "--as", wrong, "/c"], { cwd: folder.path, env })
  expect(code).toBe(1)
  expect(err).toContain("unauthorized")
  expect(err).not.toContain(wrong.slice(0, 20))
  expect((await laba(["check", "--as", "anyone"], { cwd: folder.path })).code).toBe(2)
  expect((await laba(["check", "/c"], { cwd: folder.path })).code).toBe(2)
})

test("laba serve says at its start when LABA_TOKEN_SECRET alone says who may come in", async () => {
  await using folder = await emptyFolder()
  const started = async (config: string) => {
    await Bun.write(join(folder.path, "laba.yaml"), config)
    const env = { LABA_TOKEN_SECRET: secret }
    await using server = new LabaProcess(["serve", "--port", "0"], { cwd: folder.path, env })
    await server.says(/listening on/)
    return server.err
  }
  expect(await started("")).toMatch(/^laba: LABA_TOKEN_SECRET alone says who may come in: /m)
  expect(await started("tokens: { issuer: shop }")).not.toContain("LABA_TOKEN_SECRET")
  expect(await started(`keys: [{ name: shop, sha256: "${"a".repeat(64)}", manage: ["/**"] }]`)).not.toContain(
    "alone",
  )
})
