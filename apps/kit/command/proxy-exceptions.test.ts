import { expect, test } from "bun:test"
import { reachLoopbackDirectly } from "./proxy-exceptions.ts"

test("this machine is added to the hosts that need no proxy, once, and the others stay", () => {
  const environment: Record<string, string> = { NO_PROXY: "example.org, localhost" }
  reachLoopbackDirectly(environment)
  reachLoopbackDirectly(environment)
  expect(environment).toEqual({
    NO_PROXY: "example.org,localhost,127.0.0.1,[::1]",
    no_proxy: "127.0.0.1,localhost,[::1]",
  })
})

test("where nothing goes through a proxy nothing is changed", () => {
  const environment: Record<string, string> = { NO_PROXY: "*", no_proxy: "*" }
  reachLoopbackDirectly(environment)
  expect(environment).toEqual({ NO_PROXY: "*", no_proxy: "*" })
})
