// Spring's own server with its broker relay, unchanged, with Laba as its broker: two instances of it, and browsers' clients at each.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { execFileSync } from "node:child_process"
import { mkdtempSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { Client, type IMessage } from "@stomp/stompjs"
import { eventually } from "../support/eventually.ts"
import { Inbox } from "../support/inbox.ts"
import { publish } from "../support/publish.ts"
import { type OwnServer, startServer } from "../support/server.ts"
import { bodyText, connectStomp } from "../support/stomp.ts"

let server: OwnServer
let classes = ""
let instances: Awaited<ReturnType<typeof startSpring>>[] = []

beforeAll(async () => {
  server = await startServer({ stomp: { tcp: 0 } })
  classes = compile()
  instances = await Promise.all([startSpring(classes), startSpring(classes)])
}, 240_000)

afterAll(async () => {
  for (const { process } of instances) process.kill()
  if (classes !== "") rmSync(classes, { recursive: true })
  await server[Symbol.asyncDispose]()
})

const java = process.env["LABA_JAVA"] as string
const jars = join(process.env["LABA_SPRING_LIB"] as string, "*")
/** Without what a machine may set for every JVM, which then says so on standard error. */
const environment = { ...process.env, JAVA_TOOL_OPTIONS: undefined }

/** Where the program is compiled to. */
function compile(): string {
  const classes = mkdtempSync(join(tmpdir(), "laba-spring-"))
  const source = join(import.meta.dir, "spring/src/main/java/relay/RelayServer.java")
  const compiler = join(dirname(realpathSync(java)), "javac")
  execFileSync(compiler, ["-parameters", "-cp", jars, "-d", classes, source], { env: environment as never })
  return classes
}

/** One instance, once its relay has found its broker. */
async function startSpring(classes: string) {
  const options = ["--server.port=0", "--server.address=127.0.0.1", `--broker.port=${server.laba.stompPort}`]
  const process = Bun.spawn(
    [java, "-Xmx256m", "-cp", `${classes}:${jars}`, "relay.RelayServer", ...options],
    { env: environment, stdout: "pipe", stderr: "inherit" },
  )
  let log = ""
  void (async () => {
    for await (const chunk of process.stdout) log += new TextDecoder().decode(chunk)
  })()
  const port = await eventually(() => {
    const found = /Tomcat started on port (\d+)/.exec(log)
    if (!found || !log.includes("broker available: true"))
      throw new Error(`not started:\n${log.slice(-2000)}`)
    return Number(found[1])
  })
  return { process, port }
}

/** A browser's client at one instance. */
async function clientAt(instance: number, user: string) {
  const ready = Promise.withResolvers<void>()
  const client = new Client({
    brokerURL: `ws://127.0.0.1:${instances[instance]?.port}/ws?user=${user}`,
    reconnectDelay: 0,
    onConnect: () => ready.resolve(),
    onStompError: ({ headers, body }) => ready.reject(new Error(`${headers["message"]} ${body}`)),
  })
  client.activate()
  await ready.promise
  return {
    client,
    async listen(destination: string) {
      const heard = new Inbox<IMessage>(`${user} at ${destination}`)
      client.subscribe(destination, (message) => heard.push(message))
      // Spring answers no receipt for a user's destination, so what is sent is sent until it is heard.
      await Bun.sleep(300)
      return heard
    },
    [Symbol.asyncDispose]: () => client.deactivate(),
  }
}

describe("Spring's broker relay", () => {
  test("[T25] what one instance sends to a topic, clients of both hear, and so do listeners by STOMP and HTTP here", async () => {
    await using one = await clientAt(0, "alice")
    await using two = await clientAt(1, "bob")
    await using ours = await connectStomp(server.base)
    await ours.subscribe("/topic/announcements")
    const heard = [await one.listen("/topic/announcements"), await two.listen("/topic/announcements")]
    one.client.publish({ destination: "/app/announce", body: "sale" })
    for (const inbox of heard) expect((await inbox.next()).body).toBe("announced: sale")
    expect(bodyText(await ours.frame("MESSAGE"))).toBe("announced: sale")
    await publish(`${server.base}/topic/announcements`, "by HTTP")
    for (const inbox of heard) expect((await inbox.next()).body).toBe("by HTTP")
  }, 60_000)

  test("[T12] [T25] an unmodified @MessageMapping answers by @SendToUser to the asking session alone", async () => {
    await using asking = await clientAt(0, "alice")
    await using other = await clientAt(0, "alice")
    const [answer, silence] = [
      await asking.listen("/user/queue/result"),
      await other.listen("/user/queue/result"),
    ]
    asking.client.publish({ destination: "/app/seckill", body: "a phone" })
    const message = await answer.next()
    expect([message.body, message.headers["destination"]]).toEqual(["you got a phone", "/user/queue/result"])
    expect(silence.ready).toBe(0)
  }, 60_000)

  test("[T12] [T25] convertAndSendToUser at one instance reaches a user who is connected to the other", async () => {
    await using client = await clientAt(1, "carol")
    const news = await client.listen("/user/queue/news")
    const pushed = await fetch(`http://127.0.0.1:${instances[0]?.port}/push?user=carol&text=hello`, {
      method: "POST",
    })
    expect(pushed.status).toBe(200)
    const message = await news.next()
    expect([
      JSON.parse(message.body),
      message.headers["content-type"],
      message.headers["destination"],
    ]).toEqual([{ text: "hello" }, "application/json", "/user/queue/news"])
  }, 60_000)
})
