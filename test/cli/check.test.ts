import { describe, expect, test } from "bun:test"
import { join } from "node:path"
import { emptyFolder, laba } from "./laba.ts"

describe("laba check", () => {
  test("prints what file, environment and defaults come to", async () => {
    await using folder = await emptyFolder()
    await Bun.write(
      join(folder.path, "laba.yaml"),
      'channels:\n  "/orders/**": { history: { count: 7 }, slow: latest }\n',
    )
    const { code, out, err } = await laba(["check"], { cwd: folder.path })
    expect([code, err]).toEqual([0, ""])
    expect(out).toStartWith("laba.yaml is fine")
    expect(out).toContain("http://127.0.0.1:8080")
    expect(out).toMatch(/\/orders\/\*\*.*7 messages.*latest/)
  })

  test("without a file shows the defaults", async () => {
    await using folder = await emptyFolder()
    const { code, out } = await laba(["check"], { cwd: folder.path })
    expect(code).toBe(0)
    expect(out).toStartWith("No file; these are the defaults")
    expect(out).toMatch(/\/\*\* .*100 messages, 256 KiB, 1m/)
  })

  test("says where Redis is, and not its password", async () => {
    await using folder = await emptyFolder()
    const env = { LABA_ENGINE: "redis-sentinel://anna:hush@a,b/main" }
    const { code, out, err } = await laba(["check"], { cwd: folder.path, env })
    expect([code, err]).toEqual([0, ""])
    expect(out).toContain(
      "redis-sentinel://a:26379,b:26379/main, keys laba:…, at most 1 GiB; routing: targeted",
    )
    expect(out).not.toMatch(/anna|hush/)
  })

  test("names every mistake and the nearest name that is known", async () => {
    await using folder = await emptyFolder()
    const file = join(folder.path, "wrong.yaml")
    await Bun.write(file, 'chanels: {}\nlisten: { port: 99999 }\nchannels: { "/a": { slow: quickly } }\n')
    const { code, out, err } = await laba(["check", "--config", file])
    expect([code, out]).toEqual([1, ""])
    for (const part of ["chanels", "channels", "port", "slow"]) expect(err).toContain(part)
  })

  test("names the variable of the environment that is wrong, and not the file", async () => {
    await using folder = await emptyFolder()
    const { code, err } = await laba(["check"], { cwd: folder.path, env: { LABA_PORT: "77777" } })
    expect(code).toBe(1)
    expect(err).toBe("laba: the environment: LABA_PORT: must be at most 65535, not 77777\n")
  })

  test("says where a file that is no YAML goes wrong", async () => {
    await using folder = await emptyFolder()
    const file = join(folder.path, "broken.yaml")
    await Bun.write(file, "listen: { port: 8080\nchannels: [\n")
    const { code, err } = await laba(["check", "--config", file])
    expect(code).toBe(1)
    expect(err).toContain("broken.yaml")
    expect(err).toMatch(/broken\.yaml:\d+:\d+: /)
  })

  test("refuses what `laba serve` refuses, in the same words", async () => {
    await using folder = await emptyFolder()
    await Bun.write(join(folder.path, "file"), "no folder, and no certificate")
    const refused: readonly (readonly [config: string, says: string])[] = [
      ["listen: { host: 0.0.0.0 }", "no keys say who may come in"],
      ["tls: { cert: none.pem, key: none.pem }", "none.pem"],
      ["tls: { cert: file, key: file }", "no certificate in PEM"],
      ["engine: sqlite:file", "is no folder"],
      ["engine: sqlite:file/below", "is no folder"],
      ["engine: 'rediss://127.0.0.1:1'\nredis: { ca: none.pem }", "none.pem"],
    ]
    for (const [config, says] of refused) {
      await Bun.write(join(folder.path, "laba.yaml"), `${config}\n`)
      const checked = await laba(["check"], { cwd: folder.path })
      const served = await laba(["serve", "--port", "0"], { cwd: folder.path })
      expect([config, checked.code, checked.err]).toEqual([config, 1, expect.stringContaining(says)])
      expect([config, served.code, served.err]).toEqual([config, 1, checked.err])
    }
    expect(
      await Array.fromAsync(new Bun.Glob("**").scan({ cwd: folder.path, onlyFiles: false })),
    ).toHaveLength(2)
  })
})
