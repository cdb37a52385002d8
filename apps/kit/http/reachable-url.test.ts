import { expect, test } from "bun:test"
import { reachableUrl } from "./reachable-url.ts"

test("a Laba on the shop's own machine is reached by the name the page was opened by", () => {
  expect(reachableUrl("http://127.0.0.1:8123", "192.168.1.7")).toBe("http://192.168.1.7:8123")
  expect(reachableUrl("http://0.0.0.0:8123", "localhost")).toBe("http://localhost:8123")
})

test("a Laba elsewhere is where it says", () => {
  expect(reachableUrl("https://push.example/laba", "192.168.1.7")).toBe("https://push.example/laba")
})
