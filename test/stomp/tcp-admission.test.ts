// Who comes to the TCP port is counted and waits for their turn as anybody does, and is nobody before.
import { join } from "node:path"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import tls from "node:tls"
import { networkInterfaces, tmpdir } from "node:os"
import { execFileSync } from "node:child_process"
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { freePort } from "../../bench/peers/free-port.ts"
import { startGuarded, shop } from "../access/guarded.ts"
import { eventually } from "../support/eventually.ts"
import { RawConnection } from "../support/raw-tcp.ts"
import type { ServeOptions } from "../../src/server/index.ts"

/** An address of this machine that is counted, as loopback ones are not. */
const countedAddress = Object.values(networkInterfaces())
  .flatMap((some) => some ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address

if (countedAddress === undefined) console.warn("SKIPPED: this machine has no address but loopback ones")

async function startCounting(options: ServeOptions) {
  const server = await startGuarded({
    listen: { host: "0.0.0.0" },
    stomp: { tcp: freePort() },
    channels: { "/open/**": { listen: "anyone", publish: "anyone" } },
    ...options,
  })
  const come = (): Promise<RawConnection> =>
    RawConnection.open(`http://${countedAddress}:${server.laba.stompPort}`)
  return { ...server, come, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

const hello = "CONNECT\naccept-version:1.2\n\n\0"

describe.skipIf(countedAddress === undefined)("from an address that is counted", () => {
  test("[T25] nothing is done for who waits for their turn", async () => {
    await using server = await startCounting({ limits: { connectsPerAddressPerSecond: 1 } })
    const say = `${hello}SEND\ndestination:/open/x\nreceipt:r\n\nx\0`
    const all = await Promise.all(Array.from({ length: 4 }, () => server.come()))
    for (const one of all) one.send(say)
    await all[0]?.until(() => all[0]?.text.includes("RECEIPT") || null)
    await Bun.sleep(100)
    expect(server.laba.counters.published).toBe(1)
    // Then it is their turn, and what they said meanwhile is done.
    await eventually(() => expect(server.laba.counters.published).toBe(4))
    for (const one of all) await one[Symbol.asyncDispose]()
  })

  test("[T25] nothing is done for who is one too many, and they are told", async () => {
    await using server = await startCounting({ limits: { connectionsPerAddressMax: 1 } })
    await using first = await server.come()
    first.send(hello)
    await first.until(() => first.text.includes("CONNECTED") || null)
    await using second = await server.come()
    second.send(`${hello}SEND\ndestination:/open/x\n\nx\0`)
    await second.closed()
    expect(second.text).toContain("\ncode:too_many_connections\n")
    expect(second.text).not.toContain("CONNECTED")
    expect(server.laba.counters.published).toBe(0)
  })

  test("[T25] [T10] who waited is who their credential says", async () => {
    await using server = await startCounting({ limits: { connectsPerAddressPerSecond: 1 } })
    const all = await Promise.all(Array.from({ length: 2 }, () => server.come()))
    for (const one of all) one.send(`CONNECT\naccept-version:1.2\npasscode:${shop.text}\n\n\0`)
    for (const one of all) await one.until(() => one.text.includes("CONNECTED") || null)
    await Bun.sleep(1200)
    for (const one of all) one.send("SEND\ndestination:/secret/x\nreceipt:r\n\nx\0")
    for (const one of all) await one.until(() => /RECEIPT|ERROR/.exec(one.text)?.[0] ?? null)
    expect(all.map(({ text }) => text.includes("RECEIPT"))).toEqual([true, true])
    for (const one of all) await one[Symbol.asyncDispose]()
  })

  test("[T25] who goes while the application thinks is counted no more", async () => {
    let asked = 0
    const answer = Promise.withResolvers<void>()
    await using server = await startCounting({
      limits: { connectionsPerAddressMax: 3 },
      async onConnect() {
        asked++
        if (asked <= 3) await answer.promise
        return { user: "u" }
      },
    })
    const gone = await Promise.all(Array.from({ length: 3 }, () => server.come()))
    for (const one of gone) one.send(hello)
    await eventually(() => expect(asked).toBe(3))
    for (const one of gone) await one[Symbol.asyncDispose]()
    answer.resolve()
    await eventually(async () => {
      await using next = await server.come()
      next.send(hello)
      await next.until(() => /CONNECTED|ERROR/.exec(next.text)?.[0] ?? null)
      expect(next.text).toContain("CONNECTED")
    })
    await Bun.sleep(50)
    await using last = await server.come()
    last.send(hello)
    await last.until(() => /CONNECTED|ERROR/.exec(last.text)?.[0] ?? null)
    expect(last.text).toContain("CONNECTED")
  })
})

describe("over TLS", () => {
  let folder = ""
  const file = (name: string): string => join(folder, name)
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "laba-stomp-tls-"))
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    for (const name of ["server", "client", "stranger"]) {
      const place = ["-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.crt`]
      execFileSync("openssl", ["req", "-x509", ...key, ...place], { cwd: folder, stdio: "ignore" })
    }
  })
  afterAll(() => rm(folder, { recursive: true }))
  const start = (more: { ca?: string } = {}) =>
    startGuarded({
      stomp: { tcp: freePort() },
      tls: { cert: file("server.crt"), key: file("server.key"), ...more },
    })

  test("[T25] a handshake that never ends is ended in time, as silence is", async () => {
    await using server = await start()
    await using silent = await RawConnection.open(`http://127.0.0.1:${server.laba.stompPort}`)
    const began = Date.now()
    while (!silent.ended && Date.now() - began < 25_000) await Bun.sleep(100)
    expect(silent.ended).toBeTrue()
  }, 40_000)

  test("[T25] where clients need a certificate, nothing is done for who has another one or none", async () => {
    await using server = await start({ ca: file("client.crt") })
    const pem = (name: string) => readFile(file(name), "utf8")
    const come = async (name: string | null): Promise<string> => {
      const own = name === null ? {} : { cert: await pem(`${name}.crt`), key: await pem(`${name}.key`) }
      const socket = tls.connect({
        port: server.laba.stompPort as number,
        host: "127.0.0.1",
        ca: await pem("server.crt"),
        checkServerIdentity: () => undefined,
        ...own,
      })
      socket.on("secureConnect", () => socket.write(hello))
      return new Promise((resolve) => {
        socket.on("data", (bytes) => resolve(String(bytes).slice(0, "CONNECTED".length)))
        socket.on("error", () => resolve("ended"))
        socket.on("close", () => resolve("ended"))
      }).finally(() => socket.destroy()) as Promise<string>
    }
    expect([await come("client"), await come("stranger"), await come(null)]).toEqual([
      "CONNECTED",
      "ended",
      "ended",
    ])
  })
})
