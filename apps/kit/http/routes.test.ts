import { expect, test } from "bun:test"
import { answer, Problem } from "./problem.ts"
import { matchRoute } from "./routes.ts"

const endpoint = () => answer({})
const routes = [
  { method: "GET", path: "/api/bills/{bill}", endpoint },
  { method: "POST", path: "/api/bills/{bill}/cancel", endpoint },
] as const

test("a route is found by its method and path, with what its names stand for", () => {
  expect(matchRoute(routes, "POST", "/api/bills/12/cancel")?.params).toEqual({ bill: "12" })
  expect(matchRoute(routes, "HEAD", "/api/bills/12")?.params).toEqual({ bill: "12" })
  expect(matchRoute(routes, "GET", "/api/bills")).toBeNull()
})

test("who asks by another method is told which there are", () => {
  let problem: unknown
  try {
    matchRoute(routes, "DELETE", "/api/bills/12")
  } catch (error) {
    problem = error
  }
  expect(problem).toBeInstanceOf(Problem)
  expect(problem).toMatchObject({ status: 405, headers: { Allow: "GET, HEAD" } })
})
