import { expect, test } from "bun:test"
import { Application } from "./application.ts"
import type { HookAnswers } from "./hook-answer.ts"
import type { ClientMessage, Hooks, Visitor } from "./hooks.ts"

const visitor: Visitor = {
  connection: "c1",
  transport: "websocket",
  protocol: "laba",
  channel: "/c",
  channels: [],
  user: undefined,
  headers: new Headers(),
  query: "",
  address: "127.0.0.1",
}
const connected = { connection: "c1", transport: "websocket", user: "ann" } as const
const message: ClientMessage = { ...connected, channel: "/c", type: "text/plain", data: "hi" }

const calls: { [Hook in keyof HookAnswers]: (application: Application) => unknown } = {
  onConnect: (application) => application.connect(visitor),
  onSubscribe: (application) => application.subscribe(() => ({ ...connected, sender: "@ann" }), "/c"),
  onMessage: (application) => application.message(message, "@ann"),
}
const asked = Object.keys(calls) as (keyof HookAnswers)[]

/** What becomes of who asks, and what the log is told. */
async function outcomeOf(hook: keyof HookAnswers, answer: unknown) {
  const logged: unknown[] = []
  // As a program in JavaScript has it, which no compiler looks at.
  const hooks = { [hook]: () => answer } as Hooks
  const application = new Application({ hooks, remote: null, onError: (_, error) => logged.push(error) })
  try {
    await calls[hook](application)
    return { code: "let in", logged }
  } catch (error) {
    return { code: (error as { code?: string }).code ?? String(error), logged }
  }
}

test("what is no answer lets nobody in and publishes nothing: `false`, most of all", async () => {
  for (const hook of asked)
    for (const answer of [
      false,
      true,
      null,
      0,
      "",
      "no",
      [],
      () => {},
      { allow: false },
      { refuse: false },
    ]) {
      const { code, logged } = await outcomeOf(hook, answer)
      expect([hook, answer, code]).toEqual([hook, answer, "hook_failed"])
      expect(logged).toMatchObject([{ name: "TypeError", message: expect.stringContaining(hook) as string }])
    }
})

test("a member of another type lets nobody in, and is no leave to publish past the rules", async () => {
  for (const [hook, answer] of [
    ["onConnect", { user: 5 }],
    ["onConnect", { channels: "/x" }],
    ["onConnect", { channels: [1] }],
    ["onConnect", { channels: ["/x", "/a//b"] }],
    ["onConnect", { channels: Array.from({ length: 129 }, (_, index) => `/${index}`) }],
    ["onConnect", { reply: {} }],
    ["onMessage", { publish: "no" }],
    ["onMessage", { publish: null }],
    ["onMessage", { publish: { data: "changed" } }],
    ["onMessage", { data: { a: 1 } }],
    ["onMessage", { reply: "\ud800" }],
  ] as const)
    expect([hook, answer, (await outcomeOf(hook, answer)).code]).toEqual([hook, answer, "hook_failed"])
})

test("a refusal by a code that there is not is `hook_failed`, and not an error without one", async () => {
  for (const hook of asked) {
    for (const code of ["nope", "toString", 403, null])
      expect((await outcomeOf(hook, { refuse: { code, detail: "No." } })).code).toBe(
        code === null ? "forbidden" : "hook_failed",
      )
    expect((await outcomeOf(hook, { refuse: { code: "unauthorized", detail: "Log in." } })).code).toBe(
      "unauthorized",
    )
  }
})

test("nothing, nothing refused and what the contract knows are answers", async () => {
  for (const hook of asked)
    for (const answer of [undefined, {}, { refuse: undefined }, Promise.resolve()])
      expect(await outcomeOf(hook, answer)).toEqual({ code: "let in", logged: [] })
  const reply = new Uint8Array([1])
  expect(
    (await outcomeOf("onConnect", { user: "ann", channels: ["/x"], reply, subprotocol: "x" })).code,
  ).toBe("let in")
  expect((await outcomeOf("onMessage", { publish: false, data: "x", reply: "y" })).code).toBe("let in")
})

test("what an answer holds as text is not in the log", async () => {
  for (const answer of ["a secret", { refuse: "a secret" }, { user: "a secret\ud800" }]) {
    const { logged } = await outcomeOf("onConnect", answer)
    expect(String(logged[0])).not.toContain("a secret")
  }
})
