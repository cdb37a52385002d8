import { expect, test } from "bun:test"
import { printAddress, type RedisAddress, readAddress } from "./redis-address.ts"

const read = (text: string): RedisAddress => {
  const answer = readAddress(text)
  if ("wrong" in answer) throw new Error(answer.wrong)
  return answer.address
}

const plain = { tls: false, masterName: "", username: null, password: null, database: 0 }

test("one server: a host, with a port, a database and who comes in", () => {
  expect(read("redis://localhost")).toEqual({
    ...plain,
    kind: "single",
    hosts: [{ host: "localhost", port: 6379 }],
  })
  expect(read("rediss://anna:a%2Fb%40c@[::1]:7000/3")).toEqual({
    kind: "single",
    tls: true,
    hosts: [{ host: "::1", port: 7000 }],
    masterName: "",
    username: "anna",
    password: "a/b@c",
    database: 3,
  })
  expect(read("redis://:only@h").password).toBe("only")
  expect(read("redis://nopass@h")).toMatchObject({ username: "nopass", password: null })
})

test("a password may hold an @ that is not escaped", () => {
  expect(read("redis://u:p@ss@host").password).toBe("p@ss")
})

test("Sentinels: some hosts and the name of the master", () => {
  expect(read("redis-sentinel://a,b:5000/main/2")).toEqual({
    ...plain,
    kind: "sentinel",
    hosts: [
      { host: "a", port: 26_379 },
      { host: "b", port: 5000 },
    ],
    masterName: "main",
    database: 2,
  })
})

test("a Cluster: some of its nodes, and no database but the first", () => {
  expect(read("redis-cluster://a,b:7001").hosts).toEqual([
    { host: "a", port: 6379 },
    { host: "b", port: 7001 },
  ])
  expect("wrong" in readAddress("redis-cluster://a/1")).toBe(true)
})

const wrong = [
  "http://host",
  "redis://",
  "redis://host:0",
  "redis://host:70000",
  "redis://a,b",
  "redis://host/x",
  "redis://host/1/2",
  "redis://u:%zz@host",
  "redis://host?db=1",
  "redis://ho st",
  "redis://:@host",
  "redis://u:@host",
  "redis://@host",
  "redis-sentinel://a",
  "redis-sentinel://a/",
]

for (const text of wrong) {
  test(`${text} is no address, and what is said of it holds nothing of it`, () => {
    expect(readAddress(text)).toEqual({ wrong: expect.any(String) as string })
  })
}

test("for people it has no secret", () => {
  for (const text of ["redis://anna:hush@h:1/2", "rediss-sentinel://anna:hush@a,b/main"])
    expect(printAddress(read(text))).not.toMatch(/anna|hush/)
  expect(printAddress(read("rediss-sentinel://x:y@a,[::1]:5/main"))).toBe(
    "rediss-sentinel://a:26379,[::1]:5/main",
  )
})
