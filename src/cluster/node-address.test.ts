import { expect, test } from "bun:test"
import { callAddress } from "./node-address.ts"

const everywhere = { scheme: "http", host: "0.0.0.0", port: 8080 } as const

const inContainer = () => [
  { address: "127.0.0.1", family: "IPv4", internal: true },
  { address: "fe80::1", family: "IPv6", internal: false },
  { address: "fd00::7", family: "IPv6", internal: false },
  { address: "172.18.0.5", family: "IPv4", internal: false },
]

test("what is advertised is where a node is called", () => {
  expect(callAddress("https://laba-1.example", everywhere, inContainer)).toBe("https://laba-1.example")
})

test("a node that listens at one address is called there", () => {
  expect(callAddress(null, { ...everywhere, host: "10.0.0.4" }, inContainer)).toBe("http://10.0.0.4:8080")
  expect(callAddress(null, { ...everywhere, host: "::1", scheme: "https" })).toBe("https://[::1]:8080")
})

test("one that listens everywhere is called at the container's address, never at a loop or a link", () => {
  expect(callAddress(null, everywhere, inContainer)).toBe("http://172.18.0.5:8080")
  const onlySix = () => inContainer().slice(0, 3)
  expect(callAddress(null, { ...everywhere, host: "::" }, onlySix)).toBe("http://[fd00::7]:8080")
})

test("without a network a node is called at its own loop", () => {
  expect(callAddress(null, everywhere, () => [])).toBe("http://127.0.0.1:8080")
})
