// TLS by files: what is wrong with them is said before anybody is let in, and by their right names.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { execFileSync } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ConfigError, serve } from "../../src/server/index.ts"
import { openStompTcp } from "../support/stomp.ts"
import { emptyFolder, laba as run } from "../cli/laba.ts"

let folder = ""
const file = (name: string): string => join(folder, name)
const pem = (name: string): Promise<string> => readFile(file(name), "utf8")

const openssl = (...args: string[]): void =>
  void execFileSync("openssl", args, { cwd: folder, stdio: "ignore" })

/** A certificate that signs itself, for localhost. */
function makeCertificate(name: string, days = 30): void {
  openssl(
    ...[
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      String(days),
    ],
    ...["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
    ...["-keyout", `${name}.key`, "-out", `${name}.crt`],
  )
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "laba-tls-"))
  for (const name of ["server", "client", "stranger"]) makeCertificate(name)
  openssl("pkey", "-in", "server.key", "-aes256", "-passout", "pass:secret", "-out", "locked.key")
  await writeFile(file("empty.pem"), "")
})

afterAll(() => rm(folder, { recursive: true }))

const start = (tls: { cert: string; key: string; ca?: string }) =>
  serve({ listen: { port: 0 }, limits: { drainSeconds: 0 }, tls })

describe("a server with a certificate", () => {
  test("speaks https and wss, and nothing in the clear", async () => {
    const laba = await start({ cert: file("server.crt"), key: file("server.key") })
    expect(laba.url).toStartWith("https://127.0.0.1:")
    const tls = { ca: await pem("server.crt") }
    expect((await fetch(`${laba.url}/c`, { method: "POST", body: "x", tls })).status).toBe(201)
    await expect(fetch(`${laba.url}/c`)).rejects.toThrow(/certificate|CERT/i)
    const socket = new WebSocket(`${laba.url.replace("https", "wss")}/c`, { tls } as never)
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve()
      socket.onerror = () => reject(new Error("no WebSocket"))
    })
    const heard = new Promise((resolve) => {
      socket.onmessage = ({ data }) => resolve(data)
    })
    await laba.publish("/c", "by TLS")
    expect(await heard).toBe("by TLS")
    const plain = await fetch(`${laba.url.replace("https", "http")}/c`).catch(() => null)
    expect(plain?.ok ?? false).toBeFalse()
    await laba.close()
  })

  test("[T25] speaks STOMP with TLS at its port, and nothing in the clear", async () => {
    const tls = { cert: file("server.crt"), key: file("server.key"), ca: file("client.crt") }
    const laba = await serve({ listen: { port: 0 }, limits: { drainSeconds: 0 }, tls, stomp: { tcp: 0 } })
    const port = laba.stompPort as number
    const ca = await pem("server.crt")
    {
      const [cert, key] = [await pem("client.crt"), await pem("client.key")]
      await using client = await openStompTcp(port, { ca, cert, key })
      expect((await client.connect()).headers["version"]).toBe("1.2")
    }
    for (const without of [{ ca }, undefined]) {
      const stranger = await openStompTcp(port, without).catch(() => null)
      stranger?.send("CONNECT", { "accept-version": "1.2" })
      await stranger?.ended.promise
      expect(stranger?.frames.seen ?? []).toEqual([])
    }
    await laba.close()
  })

  test("[T25] who speaks plain TCP at STOMP's TLS port, or TLS at a plain one, is in the log, once, with what would be right", async () => {
    const lines: string[] = []
    const start = (tls: object) =>
      serve({
        listen: { port: 0 },
        limits: { drainSeconds: 0 },
        ...tls,
        stomp: { tcp: 0 },
        log: { format: "json" },
        logTo: (line) => void lines.push(line),
      })
    const told = () => lines.splice(0).map((line) => JSON.parse(line) as Record<string, unknown>)
    const secure = await start({ tls: { cert: file("server.crt"), key: file("server.key") } })
    const hello = "CONNECT\naccept-version:1.2\n\n\0"
    for (const text of [hello, hello, hello.replace("CONNECT", "STOMP")]) {
      const client = await openStompTcp(secure.stompPort as number)
      client.sendRaw(text)
      await client.ended.promise
    }
    await secure.close()
    expect(told()).toEqual([
      expect.objectContaining({
        level: "warn",
        event: "stomp_port_mismatch",
        spoken: "plain",
        remedy: expect.stringContaining("connect by TLS") as string,
      }),
    ])
    const plain = await start({})
    for (let tries = 0; tries < 2; tries++) {
      const client = await openStompTcp(plain.stompPort as number, { ca: await pem("server.crt") }).catch(
        () => null,
      )
      await client?.ended.promise
    }
    await plain.close()
    expect(told()).toEqual([expect.objectContaining({ event: "stomp_port_mismatch", spoken: "tls" })])
  })

  test("that asks for clients' certificates lets in only those of its authority", async () => {
    const laba = await start({ cert: file("server.crt"), key: file("server.key"), ca: file("client.crt") })
    const ca = await pem("server.crt")
    const by = async (name: string) => ({ ca, cert: await pem(`${name}.crt`), key: await pem(`${name}.key`) })
    const status = (tls: object) =>
      fetch(`${laba.url}/c`, { tls }).then(
        (response) => response.status,
        () => 0,
      )
    expect(await status(await by("client"))).toBe(204)
    expect(await status(await by("stranger"))).toBe(0)
    expect(await status({ ca })).toBe(0)
    await laba.close()
  })
})

describe("files that do not do", () => {
  const mistakes: [string, () => { cert: string; key: string; ca?: string }, RegExp][] = [
    [
      "that are not there",
      () => ({ cert: file("none.crt"), key: file("server.key") }),
      /^tls\.cert: cannot read .*none\.crt: there is no such file$/,
    ],
    [
      "that belong to two certificates",
      () => ({ cert: file("server.crt"), key: file("client.key") }),
      /^tls\.key: .*client\.key is not the key of the certificate in .*server\.crt$/,
    ],
    [
      "that are swapped",
      () => ({ cert: file("server.key"), key: file("server.crt") }),
      /^tls\.cert: .*server\.key holds no certificate in PEM/,
    ],
    [
      "that hold nothing",
      () => ({ cert: file("server.crt"), key: file("empty.pem") }),
      /^tls\.key: .*empty\.pem holds no private key in PEM/,
    ],
    [
      "with a passphrase",
      () => ({ cert: file("server.crt"), key: file("locked.key") }),
      /^tls\.key: .*locked\.key has a passphrase; .*openssl pkey/,
    ],
    [
      "with an authority that is none",
      () => ({ cert: file("server.crt"), key: file("server.key"), ca: file("empty.pem") }),
      /^tls\.ca: .*empty\.pem holds no certificate/,
    ],
  ]

  test.each(mistakes)("%s are named", async (_, tls, said) => {
    const error = await start(tls()).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ConfigError)
    expect((error as ConfigError).message).toMatch(said)
    // Nothing of a key is in what is said about it.
    expect((error as ConfigError).message).not.toContain("BEGIN EC")
  })

  test("are one line of the command line too", async () => {
    await using place = await emptyFolder()
    await Bun.write(join(place.path, "laba.yaml"), "listen: { port: 0 }\ntls: { cert: a.crt, key: a.key }\n")
    const { code, err } = await run(["serve"], { cwd: place.path })
    expect([code, err]).toEqual([1, "laba: tls.cert: cannot read a.crt: there is no such file\n"])
  })
})
