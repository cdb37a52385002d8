// Watches of a running server: every way to tell, a restart of the rules, and what a watch must not disturb.
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { readFile } from "node:fs/promises"
import { connect, createServer } from "node:net"
import { join } from "node:path"
import { webhookHeaders } from "../../src/reactions/webhook-signature.ts"
import type { Alarm } from "../../src/silence/silence.ts"
import { emptyFolder, laba, LabaProcess } from "../cli/laba.ts"
import { mailServer } from "../support/mail-server.ts"
import { headOf, publish } from "../support/publish.ts"
import { startServer } from "../support/server.ts"
import { alarmsAt } from "./alarms.ts"

/** A busy machine takes its time to start processes. */
setDefaultTimeout(60_000)

/** Stands before a server, and can stop to pass on anything on the connections there are, without a word. */
async function freezingProxy(port: string) {
  const frozen = new Set<() => void>()
  let connections = 0
  const proxy = createServer((client) => {
    connections++
    const upstream = connect(Number(port), "127.0.0.1")
    client.pipe(upstream)
    upstream.pipe(client)
    for (const socket of [client, upstream]) socket.on("error", () => {})
    client.on("close", () => upstream.destroy())
    frozen.add(() => {
      client.unpipe(upstream).pause()
      upstream.unpipe(client).pause()
    })
  })
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve))
  return {
    base: `http://127.0.0.1:${(proxy.address() as { port: number }).port}`,
    /** How many there ever were. */
    get connections() {
      return connections
    },
    freeze() {
      for (const stop of frozen) stop()
    },
    async [Symbol.asyncDispose]() {
      proxy.close()
    },
  }
}

const quick = { every: "100ms", silent: "400ms" } as const
const quiet = { log: { level: "silent" } } as const

describe("a watch in the configuration", () => {
  test("tells a channel, a webhook, a command and by mail, that it is silent and that it is back", async () => {
    await using mail = await mailServer()
    await using folder = await emptyFolder()
    const out = join(folder.path, "out")
    const posts: { readonly headers: Headers; readonly body: string }[] = []
    const hook = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch(request) {
        posts.push({ headers: request.headers, body: await request.text() })
        // The first is lost: it is told again.
        return new Response(null, { status: posts.length === 1 ? 503 : 204 })
      },
    })
    await using _ = { [Symbol.asyncDispose]: () => hook.stop(true) }
    const tell = [
      { channel: "/alarms" },
      { webhook: `http://127.0.0.1:${hook.port}/x`, secret: "s" },
      { command: `cat >> ${out}; echo " $LABA_ALARM $LABA_CHANNEL" >> ${out}` },
      {
        mail: {
          smtp: mail.url,
          from: "Laba <laba@example.com>",
          to: ["ops@example.com", "boss@example.com"],
        },
      },
    ]
    await using server = await startServer({ watch: [{ channel: "/heart", ...quick, tell }], ...quiet })
    using alarms = await alarmsAt(server.base, "/alarms")
    await alarms.has(1)
    await publish(`${server.base}/heart`, "beat")
    const [silent, back] = (await alarms.has(2)) as [Alarm, Alarm]
    expect(silent).toMatchObject({ alarm: "silent", channel: "/heart", watch: "/heart", last: null })
    expect(back).toMatchObject({ alarm: "back", channel: "/heart" })

    while (posts.length < 3) await Bun.sleep(10)
    const [lost, again] = posts as [(typeof posts)[0], (typeof posts)[0]]
    expect(JSON.parse(again.body)).toEqual(silent)
    expect(again.headers.get("ce-id")).toBe(lost.headers.get("ce-id") as string)
    expect(again.headers.get("ce-type")).toBe("laba.watch.silent")
    const signed = {
      id: again.headers.get("webhook-id") as string,
      seconds: Number(again.headers.get("webhook-timestamp")),
      body: again.body,
    }
    expect(webhookHeaders("s", signed)["webhook-signature"]).toBe(
      again.headers.get("webhook-signature") as string,
    )

    while (mail.letters.length < 2) await Bun.sleep(10)
    expect(mail.letters[0]).toMatchObject({
      from: "laba@example.com",
      to: ["ops@example.com", "boss@example.com"],
    })
    expect(mail.letters[0]?.text).toContain("Subject: [laba] /heart is silent: nothing for")
    expect(mail.letters[1]?.text).toContain("Subject: [laba] /heart is back, after")

    let lines: string[] = []
    while (lines.length < 2) {
      await Bun.sleep(10)
      lines = (await readFile(out, "utf8").catch(() => "")).split("\n").slice(0, -1)
    }
    expect(lines[0]).toBe(`${JSON.stringify(silent)} silent /heart`)
    expect(lines[1]).toEndWith(" back /heart")
  })

  test("is nobody's listener, and keeps no channel that is not there", async () => {
    await using server = await startServer({
      watch: [{ channel: "/heart", every: 1, silent: 600, tell: [{ channel: "/alarms" }] }],
      ...quiet,
    })
    const answer = await publish(`${server.base}/heart`, "beat")
    expect(answer.listeners).toBe(0)
    expect((await headOf(`${server.base}/heart`)).listeners).toBe(0)
  })

  test("watches each channel of a pattern once it has spoken", async () => {
    await using server = await startServer({
      watch: [{ channel: "/hosts/*/heartbeat", ...quick, tell: [{ channel: "/alarms" }] }],
      ...quiet,
    })
    using alarms = await alarmsAt(server.base, "/alarms")
    await publish(`${server.base}/hosts/a/heartbeat`, "beat")
    await publish(`${server.base}/hosts/b/other`, "beat")
    const [first] = await alarms.has(1)
    expect(first).toMatchObject({ channel: "/hosts/a/heartbeat", watch: "/hosts/*/heartbeat" })
  })

  test("is counted, and shown by `laba check`", async () => {
    const tell = [{ channel: "/alarms" }, { command: ["false"] }]
    const watch = [{ channel: "/heart", ...quick, tell }]
    await using server = await startServer({ watch, ...quiet })
    using alarms = await alarmsAt(server.base, "/alarms")
    await alarms.has(1)
    let metrics = ""
    while (!/^laba_alarms_untold_total [1-9]/m.test(metrics)) {
      await Bun.sleep(10)
      metrics = await (await fetch(`${server.base}/_/metrics`)).text()
    }
    expect(metrics).toContain('laba_alarms_total{kind="silent"} 1\n')
    expect(metrics).toContain('laba_alarms_total{kind="back"} 0\n')

    await using folder = await emptyFolder()
    await Bun.write(join(folder.path, "laba.json"), JSON.stringify({ watch }))
    const { out } = await laba(["check"], { cwd: folder.path })
    expect(out).toMatch(/^watch +\/heart every 0\.1 s, silent after 0\.4 s; tells \/alarms, command$/m)
  })

  test("comes and goes with the configuration, without a restart", async () => {
    const tell = [{ channel: "/alarms" }]
    let watch: readonly object[] = []
    await using server = await startServer({ source: () => ({ watch }) as object, ...quiet })
    using alarms = await alarmsAt(server.base, "/alarms")
    watch = [{ channel: "/heart", ...quick, tell }]
    const report = await server.laba.reload()
    expect(report.changes).toContainEqual({ key: "watch", holds: "now" })
    await alarms.has(1)
    watch = []
    await server.laba.reload()
    await publish(`${server.base}/heart`, "beat")
    const done = await publish(`${server.base}/alarms`, '{"alarm":"none"}', { type: "application/json" })
    expect(done.channel).toBe("/alarms")
    await alarms.has(2)
    expect(alarms.heard.map(({ alarm }) => alarm as string)).toEqual(["silent", "none"])
  })
})

describe("laba watch", () => {
  test("runs a command, and prints JSON", async () => {
    await using server = await startServer()
    await using folder = await emptyFolder()
    const out = join(folder.path, "out")
    await using watching = new LabaProcess(
      [
        "watch",
        `${server.base}/heart`,
        "--silent",
        "500ms",
        "--json",
        "--exec",
        'echo "$LABA_ALARM" >> "$OUT"',
      ],
      { env: { OUT: out } },
    )
    await watching.says(/"alarm":"silent"/)
    await publish(`${server.base}/heart`, "beat")
    await watching.says(/"alarm":"back"/)
    let told = ""
    while (!told.includes("back")) {
      await Bun.sleep(10)
      told = await readFile(out, "utf8").catch(() => "")
    }
    expect(told.startsWith("silent\nback\n")).toBe(true)
  })

  test("asks the server before it alarms: a connection that died unnoticed looks like silence", async () => {
    await using server = await startServer({ limits: { heartbeatSeconds: 60 } })
    await using wire = await freezingProxy(new URL(server.base).port)
    await using watching = new LabaProcess([
      "watch",
      `${wire.base}/heart`,
      "--every",
      "500ms",
      // Long enough that a busy machine does not pause for as long between two posts.
      "--silent",
      "1500ms",
    ])
    while ((await headOf(`${server.base}/heart`)).listeners < 1) await Bun.sleep(10)
    wire.freeze()
    const asked = wire.connections
    // It speaks all the while, and is not heard; the watch has asked more than once.
    while (wire.connections < asked + 3) {
      await publish(`${server.base}/heart`, "beat")
      await Bun.sleep(50)
    }
    expect(watching.out).toBe("")
    // Now it is silent, and that is told though the connection is still dead.
    await watching.says(/\/heart is silent/)
  })

  test("says nothing of silence while it cannot listen", async () => {
    await using watching = new LabaProcess(["watch", "http://127.0.0.1:1/heart", "--silent", "100ms"])
    await watching.says(/coming back/)
    await Bun.sleep(500)
    expect(watching.out).toBe("")
  })

  test("says what is wrong with how it was called", async () => {
    for (const [args, says] of [
      [[], "say how often it speaks: --every 5s"],
      [["--every", "5s", "--silent", "5s"], "--silent must be longer than --every"],
      [["--silent", "50ms"], "--silent must be at least 100ms"],
      [["--every", "5s", "--publish", "/heart"], "would end its silence"],
    ] as const) {
      await using watching = new LabaProcess(["watch", "/heart", ...args])
      expect(await watching.ended()).toBe(2)
      expect(watching.err).toContain(says)
    }
  })
})
