import { expect, test } from "bun:test"
import { hostname } from "node:os"
import { ownHosts } from "./own-hosts.ts"

const judge = (isOwn: (header: string | null) => boolean, hosts: readonly (string | null)[]): boolean[] =>
  hosts.map(isOwn)

test("on this machine alone it is one of this machine's names", () => {
  const isOwn = ownHosts({ host: "127.0.0.1" })
  expect(judge(isOwn, ["127.0.0.1:8091", "localhost", "[::1]:1", "127.1", null])).not.toContain(false)
  expect(
    judge(isOwn, ["192.168.1.5", "evil.example", hostname(), "localhost.evil.example", ""]),
  ).not.toContain(true)
})

test("at every address it is any address, and this machine's own name", () => {
  const isOwn = ownHosts({ host: "0.0.0.0" })
  expect(judge(isOwn, ["192.168.1.5:8091", "[fe80::1]", hostname(), `${hostname()}.local:80`])).not.toContain(
    false,
  )
  expect(judge(isOwn, ["evil.example", "192.168.1.5.evil.example"])).not.toContain(true)
})

test("where pages come from is ours, and what no host is never", () => {
  const isOwn = ownHosts({ host: "127.0.0.1", publicUrl: "https://shop.example/x" })
  expect(judge(isOwn, ["shop.example", "SHOP.example:443"])).not.toContain(false)
  const none = [
    "a b",
    "x@shop.example",
    "shop.example/x",
    "shop.example,evil.example",
    "a;b",
    "[",
    "%00",
    "shop.example:999999",
  ]
  expect(judge(isOwn, none)).not.toContain(true)
})

test("what is asked once is answered the same again", () => {
  const isOwn = ownHosts({ host: "127.0.0.1" })
  for (const host of ["localhost", "evil.example"]) expect(isOwn(host)).toBe(isOwn(host))
})
