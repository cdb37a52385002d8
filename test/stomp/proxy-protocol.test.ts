// The TCP port behind a proxy that passes TCP on, and says by the PROXY protocol for whom.
import { describe, expect, test } from "bun:test"
import { ConfigError, serve } from "../../src/server/index.ts"
import { eventually } from "../support/eventually.ts"
import { startServer } from "../support/server.ts"
import { openStompTcp } from "../support/stomp.ts"
import { startGuarded } from "../access/guarded.ts"

const behindProxy = { proxies: ["127.0.0.1"], stomp: { tcp: 0, proxyProtocol: true } } as const
const headerOf = (address: string): string => `PROXY TCP4 ${address} 10.0.0.1 40000 61613\r\n`
const hello = "CONNECT\naccept-version:1.2\n\n\0"

describe("behind a proxy that says for whom it connects", () => {
  test("[T25] the client's address is the one that is counted and told", async () => {
    const asked: string[] = []
    await using server = await startGuarded({
      ...behindProxy,
      limits: { connectionsPerAddressMax: 2 },
      channels: { "/open/**": { listen: "anyone" } },
      onConnect: ({ address }) => void asked.push(address),
    })
    const port = server.laba.stompPort as number
    const come = async (address: string) => {
      const client = await openStompTcp(port)
      client.sendRaw(headerOf(address) + hello)
      return client
    }
    const all = await Promise.all([come("203.0.113.9"), come("203.0.113.9"), come("203.0.113.10")])
    for (const client of all) await client.frame("CONNECTED")
    expect(asked.sort()).toEqual(["203.0.113.10", "203.0.113.9", "203.0.113.9"])
    const tooMany = await come("203.0.113.9")
    expect(await tooMany.errorCode()).toBe("too_many_connections")
    for (const client of [...all, tooMany]) client.close()
  })

  test("[T25] an IPv4 address counts alone, where its proxy spells it as one of IPv6", async () => {
    const asked: string[] = []
    await using server = await startGuarded({
      ...behindProxy,
      limits: { connectionsPerAddressMax: 1 },
      channels: { "/open/**": { listen: "anyone" } },
      onConnect: ({ address }) => void asked.push(address),
    })
    const port = server.laba.stompPort as number
    const come = async (address: string) => {
      const client = await openStompTcp(port)
      client.sendRaw(`PROXY TCP6 ${address} ::1 40000 61613\r\n${hello}`)
      return client
    }
    const all = await Promise.all([come("::ffff:203.0.113.9"), come("::ffff:203.0.113.10")])
    for (const client of all) await client.frame("CONNECTED")
    expect(asked.sort()).toEqual(["203.0.113.10", "203.0.113.9"])
    const tooMany = await come("::ffff:cb00:7109")
    expect(await tooMany.errorCode()).toBe("too_many_connections")
    for (const client of [...all, tooMany]) client.close()
  })

  test("[T25] a header that comes byte by byte is read, and what the proxy says for itself is this machine's", async () => {
    await using server = await startServer(behindProxy)
    const port = server.laba.stompPort as number
    await using client = await openStompTcp(port)
    for (const letter of headerOf("203.0.113.9")) {
      client.sendRaw(letter)
      await Bun.sleep(0)
    }
    client.sendRaw(hello)
    // Without keys nobody from elsewhere is let in, whoever passes them on.
    expect(await client.errorCode()).toBe("foreign_origin")
    await using own = await openStompTcp(port)
    own.sendRaw(Buffer.from(`\r\n\r\n\0\r\nQUIT\n \0\0\0${hello}`, "latin1"))
    await own.frame("CONNECTED")
    await using unknown = await openStompTcp(port)
    unknown.sendRaw(`PROXY UNKNOWN\r\n${hello}`)
    expect(await unknown.errorCode()).toBe("foreign_origin")
  })

  test("[T25] a proxy that says nothing, or something else, is cut, and the log tells it once", async () => {
    const lines: string[] = []
    await using server = await startServer({ ...behindProxy, logTo: (line) => void lines.push(line) })
    const port = server.laba.stompPort as number
    for (const text of [hello, "PROXY TCP4 nobody 10.0.0.1 1 2\r\n", ""]) {
      const client = await openStompTcp(port)
      if (text !== "") client.sendRaw(text)
      await client.ended.promise
      expect(client.frames.seen).toEqual([])
    }
    await eventually(() => expect(lines.join("").match(/proxy_header_missing/g)).toHaveLength(1))
    expect(server.laba.counters.published).toBe(0)
  }, 20_000)

  test("[T25] who is no proxy needs no header, and gains nothing by one", async () => {
    await using server = await startServer({ ...behindProxy, proxies: ["192.0.2.1"] })
    const port = server.laba.stompPort as number
    await using client = await openStompTcp(port)
    await client.connect()
    await using forger = await openStompTcp(port)
    forger.sendRaw(headerOf("203.0.113.9") + hello)
    expect(await forger.errorCode()).toBe("bad_frame")
  })

  test("what could not work is a mistake of the configuration", async () => {
    const problem = (more: object) =>
      serve({ listen: { port: 0 }, ...behindProxy, ...more }).then(
        () => null,
        (error: unknown) => (error instanceof ConfigError ? error.message : error),
      )
    expect(await problem({ proxies: [] })).toContain("stomp.proxyProtocol: needs `proxies`")
    expect(await problem({ stomp: { proxyProtocol: true } })).toContain("is of use with `stomp.tcp` alone")
    expect(await problem({ tls: { cert: "a", key: "b" } })).toContain("cannot be read before TLS")
  })
})
