import { expect, test } from "bun:test"
import { lastEntry, networkOf } from "./address.ts"

test("an IPv4 address is counted as itself, also when it is written as IPv6", () => {
  expect(networkOf("203.0.113.7")).toBe("203.0.113.7")
  expect(networkOf("::ffff:203.0.113.7")).toBe("203.0.113.7")
})

test("IPv6 is counted by its /64: nobody gets a new name by taking another address of their own", () => {
  const network = "2001:db8:0:7::/64"
  for (const address of [
    "2001:db8:0:7::1",
    "2001:0DB8:0000:0007:aaaa:bbbb:cccc:dddd",
    "2001:db8:0:7:1:2:3:4",
  ])
    expect(networkOf(address)).toBe(network)
  expect(networkOf("2001:db8:0:8::1")).toBe("2001:db8:0:8::/64")
  expect(networkOf("fe80::1%eth0")).toBe("fe80:0:0:0::/64")
  expect(networkOf("::2")).toBe("0:0:0:0::/64")
})

test("this machine is counted as nobody", () => {
  for (const address of ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
    expect(networkOf(address)).toBeNull()
})

test("what is no address is counted by its beginning", () => {
  expect(networkOf("unknown")).toBe("unknown")
  expect(networkOf("x".repeat(10_000))).toHaveLength(64)
})

test("of a list the last entry counts: what comes before it anybody may have written", () => {
  expect(lastEntry("1.1.1.1, 2.2.2.2,3.3.3.3")).toBe("3.3.3.3")
  expect(lastEntry(" 3.3.3.3:4711")).toBe("3.3.3.3")
  expect(lastEntry("x, [2001:db8::1]:80")).toBe("2001:db8::1")
  expect(lastEntry("2001:db8::1")).toBe("2001:db8::1")
  expect(lastEntry("1.1.1.1, ")).toBeNull()
})
