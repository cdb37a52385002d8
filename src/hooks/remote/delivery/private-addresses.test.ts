import { expect, test } from "bun:test"
import { mayConnect } from "./private-addresses.ts"

const notPublic = [
  "0.0.0.0",
  "10.1.2.3",
  "100.64.0.1",
  "127.0.0.1",
  "127.255.255.255",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.8",
  "192.168.1.1",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "0:0:0:0:0:ffff:a9fe:a9fe",
  "::127.0.0.1",
  "64:ff9b::7f00:1",
  "64:ff9b::10.0.0.1",
  "64:ff9b:1::1",
  "100::1",
  "2001:db8::1",
  "2002:7f00:1::",
  "fc00::1",
  "fd12:3456::1",
  "fe80::1",
  "fe80::1%eth0",
  "fec0::1",
  "ff02::1",
  "localhost",
  "127.1",
  "2130706433",
  "0x7f.1",
  "",
]

const anybodys = [
  "1.1.1.1",
  "8.8.8.8",
  "100.63.255.255",
  "172.32.0.1",
  "193.0.0.1",
  "2606:4700::1111",
  "2a00::1",
  "::ffff:8.8.8.8",
  "64:ff9b::808:808",
]

for (const address of notPublic) {
  test(`${JSON.stringify(address)} is not connected to`, () => expect(mayConnect(address, [])).toBe(false))
}

for (const address of anybodys) {
  test(`${address} is public`, () => expect(mayConnect(address, [])).toBe(true))
}

test("an address that is listed, or in a network that is, may be connected to, and only that", () => {
  const listed = ["10.0.0.0/8", "127.0.0.1", "fd00::/8"]
  for (const address of ["10.9.9.9", "127.0.0.1", "::ffff:127.0.0.1", "fd00::1"])
    expect([address, mayConnect(address, listed)]).toEqual([address, true])
  for (const address of ["127.0.0.2", "192.168.0.1", "fe80::1", "::1"])
    expect([address, mayConnect(address, listed)]).toEqual([address, false])
})
