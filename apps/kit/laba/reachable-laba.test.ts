import { expect, test } from "bun:test"
import { reachableLaba } from "./reachable-laba.ts"

test("a Laba on the shop's own machine is reached by the name the page was opened by", () => {
  expect(reachableLaba("http://127.0.0.1:8123", "192.168.1.7")).toBe("http://192.168.1.7:8123")
  expect(reachableLaba("http://0.0.0.0:8123", "localhost")).toBe("http://localhost:8123")
})

test("a Laba elsewhere is where it says", () => {
  expect(reachableLaba("https://push.example/laba", "192.168.1.7")).toBe("https://push.example/laba")
})
