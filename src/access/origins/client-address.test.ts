import { describe, expect, test } from "bun:test"
import { addressGroupOf, plainAddress, TrustedProxies } from "./client-address.ts"

const forwarded = (value: string) => new Headers({ "X-Forwarded-For": value })

describe("the client's address", () => {
  const proxies = new TrustedProxies(["127.0.0.1", "10.0.0.0/8", "fd00::/8"])

  test("is the peer's, whatever it says, where the peer is no trusted proxy", () => {
    expect(proxies.clientOf("203.0.113.7", forwarded("198.51.100.1"))).toBe("203.0.113.7")
    expect(new TrustedProxies([]).clientOf("127.0.0.1", forwarded("198.51.100.1"))).toBe("127.0.0.1")
  })

  test("is the right-most that no trusted proxy has", () => {
    for (const [header, client] of [
      ["203.0.113.7", "203.0.113.7"],
      ["6.6.6.6, 203.0.113.7", "203.0.113.7"],
      ["6.6.6.6, 203.0.113.7, 10.1.2.3", "203.0.113.7"],
      ["127.0.0.1, 203.0.113.7, 10.1.2.3, 10.9.9.9", "203.0.113.7"],
      ["203.0.113.7:4711", "203.0.113.7"],
      ["[2001:db8::1]:4711", "2001:db8::1"],
      ["2001:db8::1, fd00::5", "2001:db8::1"],
      ["::ffff:203.0.113.7", "203.0.113.7"],
      ["10.0.0.1", "10.0.0.1"],
    ] as const) {
      expect([header, proxies.clientOf("127.0.0.1", forwarded(header))]).toEqual([header, client])
    }
  })

  test("is the last that is known where the list goes wrong", () => {
    expect(proxies.clientOf("10.0.0.1", forwarded("6.6.6.6, unknown"))).toBe("10.0.0.1")
    expect(proxies.clientOf("10.0.0.1", forwarded("6.6.6.6, nonsense, 10.0.0.2"))).toBe("10.0.0.2")
    expect(proxies.clientOf("10.0.0.1", new Headers())).toBe("10.0.0.1")
    expect(proxies.clientOf("::ffff:10.0.0.1", forwarded("203.0.113.7"))).toBe("203.0.113.7")
  })
})

describe("what a client is counted by", () => {
  const proxies = new TrustedProxies(["127.0.0.1", "10.0.0.0/8"])
  const counted = (peer: string, headers = new Headers()) => proxies.countedAddressOf(peer, headers)

  test("is nothing for a program on this machine, behind a proxy here too", () => {
    expect(counted("127.0.0.1")).toBeNull()
    expect(counted("::1")).toBeNull()
    expect(counted("127.0.0.1", forwarded("127.0.0.1"))).toBeNull()
    expect(counted("")).toBeNull()
  })

  test("is their proxy where it does not know them, also where the proxy is this machine", () => {
    for (const hops of [
      "unknown",
      "6.6.6.6, unknown",
      "_hidden",
      "",
      "203.0.113.7,",
      "unix:",
      "unknown, 127.0.0.1",
    ])
      expect([hops, counted("127.0.0.1", forwarded(hops))]).toEqual([hops, "127.0.0.1"])
    expect(counted("10.0.0.1", forwarded("unknown"))).toBe("10.0.0.1")
  })

  test("is their address where it is known", () => {
    expect(counted("127.0.0.1", forwarded("203.0.113.7"))).toBe("203.0.113.7")
    expect(counted("203.0.113.7")).toBe("203.0.113.7")
  })
})

test("an address counts for its group: alone by IPv4, with its /64 by IPv6", () => {
  for (const [address, addressGroup] of [
    ["203.0.113.7", "203.0.113.7"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:DB8:0:0:ffff::9", "2001:db8:0:0::/64"],
    ["2001:0db8:0000:0000:1:2:3:4", "2001:db8:0:0::/64"],
    ["2001:db8:0:1::1", "2001:db8:0:1::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ] as const) {
    expect([address, addressGroupOf(address)]).toEqual([address, addressGroup])
  }
})

test("an IPv4 address is one, however it is spelled as one of IPv6", () => {
  for (const address of [
    "::ffff:203.0.113.7",
    "::FFFF:203.0.113.7",
    "::ffff:cb00:7107",
    "0:0:0:0:0:ffff:203.0.113.7",
    "0:0:0:0:0:ffff:cb00:7107",
  ]) {
    expect([address, plainAddress(address)]).toEqual([address, "203.0.113.7"])
    expect([address, addressGroupOf(address)]).toEqual([address, "203.0.113.7"])
  }
  for (const address of ["2001:db8::ffff:1", "ffff::1", "::ffff:203.0.113.7%eth0", "64:ff9b::203.0.113.7"])
    expect(plainAddress(address)).toBe(address)
  const proxies = new TrustedProxies(["10.0.0.1"])
  expect(proxies.trusts("::ffff:a00:1")).toBe(true)
  expect(proxies.clientOf("10.0.0.1", forwarded("::ffff:cb00:7107"))).toBe("203.0.113.7")
})
