// The types that an application meets. Checked by the compiler: what must not compile is marked so, and an unused mark is
// an error itself.
import { expect, test } from "bun:test"
import {
  type Channel,
  connect,
  LabaFailure,
  LabaSocket,
  type Message,
  type Options,
  type PresenceMember,
  type Published,
  type Reset,
  type Subscription,
} from "../../client/index.ts"
import { startSimulation } from "./simulation.ts"

/** Compiles only when both types are the same. */
function same<A, B>(
  _proof: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false,
): void {}

test("the types of the API are what the guide says", () => {
  const { laba } = startSimulation()
  same<Parameters<typeof connect>[0], string | undefined>(true)
  same<ReturnType<typeof laba.channel>, Channel>(true)
  same<ReturnType<typeof laba.publish>, Promise<Published | null>>(true)
  same<typeof laba.state, "idle" | "connecting" | "open" | "waiting" | "closed">(true)
  const channel = laba.channel("/a", { after: "e1-0" })
  same<ReturnType<Channel["ready"]>, Promise<Subscription>>(true)
  same<Subscription["recovered"], boolean>(true)
  const ready: Promise<{ cursor: string; recovered: boolean }> = channel.ready()
  ready.catch(() => {})
  channel.on("message", (message) => same<typeof message, Message>(true))
  channel.on("message", ({ data }) => same<typeof data, unknown>(true))
  channel.on("reset", (reset) => same<typeof reset, Reset>(true))
  channel.on("presence", (members) => same<typeof members, readonly PresenceMember[]>(true))
  channel.on("join", ({ user }) => same<typeof user, string>(true))
  channel.on("leave", ({ since }) => same<typeof since, number>(true))
  const off = channel.on("state", ({ reason }) => reason?.code === "forbidden")
  same<typeof off, () => void>(true)

  // @ts-expect-error: there is no such event.
  channel.on("mesage", () => {})
  // @ts-expect-error: there is no such state.
  expect(laba.state === "opened").toBe(false)
  // @ts-expect-error: a cursor is a string.
  expect(() => laba.channel("/a", { after: 3 })).toThrow("open already")
  // @ts-expect-error: the state is not for the application to set.
  expect(() => (laba.state = "open")).toThrow()
  laba.close()
})

test("options are checked by name and by kind", () => {
  const page = () => () => {}
  const quiet = { page, socket: null, fetch: null, eventSource: null, storage: null }
  // @ts-expect-error: `transport` is no option; `transports` is.
  connect("http://a", { ...quiet, transport: ["websocket"] }).close()
  // @ts-expect-error: there is no such transport.
  expect(() => connect("http://a", { ...quiet, transports: ["carrier-pigeon"] })).toThrow("carrier-pigeon")
  connect("http://a", {
    ...quiet,
    transports: ["poll"],
    token: async () => null,
    whenHidden: "close",
  }).close()
})

test("what could only fail again and again is a TypeError at once", () => {
  const wrong: readonly [Record<string, unknown>, string][] = [
    [{ token: "eyJhbGciOi" }, "`token` is a function"],
    [{ token: "" }, "`token` is a function"],
    [{ transports: [] }, "`transports` are some of websocket, sse, poll"],
    [{ transports: "websocket" }, "`transports` are some of websocket, sse, poll"],
    [{ transports: ["sse", "webtransport"] }, "not: sse,webtransport"],
  ]
  for (const [options, message] of wrong) {
    const connecting = () => connect("http://a", options as Options)
    expect(connecting).toThrow(TypeError)
    expect(connecting).toThrow(message)
  }
  expect(() => connect()).toThrow(TypeError)
})

test("an option that is undefined has its default", async () => {
  const options = { transports: undefined, token: undefined, raceMs: undefined, backoff: undefined }
  const { laba, clock, network } = startSimulation(options as unknown as Options)
  await clock.pass(100)
  expect([laba.state, laba.transport, network.attempts]).toEqual(["open", "websocket", ["websocket"]])
})

test("errors of the client are one class with a code", () => {
  const failure = new LabaFailure({ code: "queue_full", retry: "back-off", detail: "" })
  same<typeof failure.retry, "stay-away" | "back-off" | "at-once">(true)
  expect(failure.code).toBe("queue_full")
})

test("LabaSocket has the names of the browser's WebSocket", () => {
  type Surface = Pick<
    LabaSocket,
    "onopen" | "onmessage" | "onerror" | "onclose" | "send" | "close" | "readyState" | "url"
  >
  const names: Record<keyof Surface, true> = {
    onopen: true,
    onmessage: true,
    onerror: true,
    onclose: true,
    send: true,
    close: true,
    readyState: true,
    url: true,
  }
  same<LabaSocket["readyState"], 0 | 1 | 2 | 3>(true)
  expect(Object.keys(names).length).toBe(8)
})
