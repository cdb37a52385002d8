import { describe, expect, test } from "bun:test"
import { closeSync, openSync } from "node:fs"
import { join } from "node:path"
import manifest from "../../package.json" with { type: "json" }
import { eventually } from "../support/eventually.ts"
import { emptyFolder, laba, labaMain, LabaProcess } from "./laba.ts"

const readyLine = /^laba (\S+) listening on (http:\/\/\S+:(\d+)) \((.+)\)\n/

/** A server that is ready, on a free port. */
async function ready(run: LabaProcess): Promise<{ url: string; port: string; about: string }> {
  const [, version, url, port, about] = (await run.says(readyLine)) as unknown as string[]
  expect(version).toBe(manifest.version)
  return { url: url as string, port: port as string, about: about as string }
}

describe("laba serve", () => {
  test("prints one line that names the address, and serves there", async () => {
    await using folder = await emptyFolder()
    await using run = new LabaProcess(["serve", "--port", "0"], { cwd: folder.path })
    const { url, about } = await ready(run)
    expect(url).toStartWith("http://127.0.0.1:")
    expect(about).toBe("memory engine")
    expect((await fetch(`${url}/c`, { method: "POST", body: "x" })).status).toBe(201)
    expect(await (await fetch(url)).text()).toContain(url)
    run.signal("SIGTERM")
    expect(await run.ended()).toBe(0)
    expect(run.out.trimEnd().split("\n")).toHaveLength(1)
    expect(run.err).toBe("")
  })

  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("ends gently by %s, and at once by a second one", async (signal, code) => {
    await using folder = await emptyFolder()
    const slowDrain = join(folder.path, "slow.json")
    await Bun.write(slowDrain, JSON.stringify({ limits: { drainSeconds: 60 } }))
    await using run = new LabaProcess(["serve", "--port", "0", "--config", slowDrain])
    const { url } = await ready(run)
    const sockets = Array.from({ length: 50 }, () => new WebSocket(`${url.replace("http", "ws")}/c`))
    await Promise.all(sockets.map((socket) => new Promise((resolve) => (socket.onopen = resolve))))
    const firstSentAway = Promise.race(
      sockets.map((socket) => new Promise<CloseEvent>((resolve) => (socket.onclose = resolve))),
    )
    run.signal(signal)
    expect((await firstSentAway).code).toBe(1012)
    run.signal(signal)
    expect(await run.ended()).toBe(code)
  })

  test("takes laba.yaml of this folder, and says so", async () => {
    await using folder = await emptyFolder()
    await Bun.write(
      join(folder.path, "laba.yaml"),
      'listen: { port: 0 }\nchannels:\n  "/lossy": { history: none }\n',
    )
    await using run = new LabaProcess(["serve"], { cwd: folder.path })
    const { url, about } = await ready(run)
    expect(about).toBe("memory engine, laba.yaml")
    expect((await fetch(`${url}/lossy`, { method: "HEAD" })).headers.get("laba-history")).toBe("none")
  })

  test("takes the named file and not the folder's, and a flag before either", async () => {
    await using folder = await emptyFolder()
    await Bun.write(join(folder.path, "laba.yaml"), "nonsense: true\n")
    await Bun.write(join(folder.path, "other.json"), '{ "listen": { "port": 1 } }')
    await using run = new LabaProcess(["serve", "--config", "other.json", "--port", "0"], {
      cwd: folder.path,
    })
    expect((await ready(run)).about).toBe("memory engine, other.json")
  })

  test("says in one line that the port is taken", async () => {
    await using folder = await emptyFolder()
    await using first = new LabaProcess(["serve", "--port", "0"], { cwd: folder.path })
    const { port } = await ready(first)
    const { code, out, err } = await laba(["serve", "--port", port], { cwd: folder.path })
    expect([code, out]).toEqual([1, ""])
    expect(err).toBe(
      `laba: port ${port} on 127.0.0.1 is in use; end what uses it, or choose another with --port\n`,
    )
  })

  test("says in one line that the address is not this machine's", async () => {
    await using folder = await emptyFolder()
    const { code, err } = await laba(["serve", "--host", "203.0.113.7", "--port", "0", "--open"], {
      cwd: folder.path,
    })
    expect(code).toBe(1)
    expect(err).toBe(
      "laba: 203.0.113.7 is no address of this machine; --host 0.0.0.0 listens at all of them\n",
    )
  })

  test("says in one line that a name leads nowhere, and not that a port is in use", async () => {
    await using folder = await emptyFolder()
    const { code, err } = await laba(["serve", "--host", "nowhere.invalid", "--port", "0", "--open"], {
      cwd: folder.path,
    })
    expect(code).toBe(1)
    expect(err).toBe(
      "laba: nowhere.invalid is a name that leads to no address; --host 0.0.0.0 listens at all of this machine\n",
    )
  })

  test.each(["a full disk", "a pipe that nobody reads"])(
    "serves on when its standard output is %s, and says so",
    async (output) => {
      await using folder = await emptyFolder()
      await Bun.write(join(folder.path, "laba.yaml"), "log: { level: info, format: json }\n")
      const full = openSync("/dev/full", "w")
      const child = Bun.spawn([process.execPath, labaMain, "serve", "--port", "0"], {
        cwd: folder.path,
        stdout: output === "a full disk" ? full : "pipe",
        stderr: Bun.file(join(folder.path, "said")),
      })
      closeSync(full)
      try {
        if (child.stdout instanceof ReadableStream) await child.stdout.cancel()
        const said = await eventually(async () => {
          const text = await Bun.file(join(folder.path, "said")).text()
          expect(text).toContain("laba: standard output takes nothing: ")
          return text
        })
        const base = /"url":"([^"]+)"/.exec(said)?.[1] as string
        expect((await fetch(`${base}/c`, { method: "POST", body: "x" })).status).toBe(201)
        child.kill("SIGTERM")
        expect(await child.exited).toBe(0)
      } finally {
        child.kill("SIGKILL")
      }
    },
  )

  test("refuses an address that others reach unless --open says so", async () => {
    await using folder = await emptyFolder()
    const { code, err } = await laba(["serve", "--host", "0.0.0.0", "--port", "0"], { cwd: folder.path })
    expect(code).toBe(1)
    expect(err).toContain("--open")
    expect(err.trimEnd().split("\n")).toHaveLength(1)
    await using run = new LabaProcess(["serve", "--host", "0.0.0.0", "--port", "0", "--open"], {
      cwd: folder.path,
    })
    const { port } = await ready(run)
    const answer = await fetch(`http://127.0.0.1:${port}/c`, {
      headers: { origin: "https://elsewhere.example" },
    })
    expect(answer.status).toBe(204)
    const [key] = await run.says(/laba_run_\S+/)
    const status = async (headers: Record<string, string>) =>
      (await fetch(`http://127.0.0.1:${port}/_/api/connections`, { headers })).status
    expect([await status({}), await status({ authorization: `Bearer ${key}` })]).toEqual([401, 200])
    expect(run.out).not.toContain(key)
  })

  test.each(["70000", "eighty", "-1", ""])("refuses the port %j", async (port) => {
    const { code, err } = await laba(["serve", `--port=${port}`])
    expect(code).toBe(2)
    expect(err).toContain("--port is a whole number from 0 to 65535")
  })

  test("names a configuration file that cannot be read, and every mistake in one that can", async () => {
    await using folder = await emptyFolder()
    const missing = await laba(["serve", "--config", "none.yaml"], { cwd: folder.path })
    expect(missing.code).toBe(1)
    expect(missing.err).toMatch(/^laba: cannot read none\.yaml: .+\n$/)
    const unnamed = await laba(["serve", "--config", ""], { cwd: folder.path })
    expect(unnamed.code).toBe(2)
    expect(unnamed.err).toBe(
      "laba: --config needs the name of a file, and has an empty one (laba help serve)\n",
    )
    await Bun.write(join(folder.path, "laba.yaml"), "lisen: { port: 0 }\nopen: perhaps\n")
    const wrong = await laba(["serve"], { cwd: folder.path })
    expect(wrong.code).toBe(1)
    expect(wrong.err).toStartWith("laba: laba.yaml has 2 mistakes:\n")
    expect(wrong.err).toContain('lisen: unknown key, did you mean "listen"?')
    expect(wrong.err).toContain("open: must be true or false")
  })
})
